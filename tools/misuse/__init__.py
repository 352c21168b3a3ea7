"""Misuse that was once tried, played again on the real processes, and what it comes to.

python -m tools.misuse              two forged caller ids take turns in calling for help
python -m tools.misuse uploads      an alarm beside a hostile upload of each kind; --sqlite, --markdown
"""
