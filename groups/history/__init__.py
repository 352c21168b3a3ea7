"""What was done to a roster or subscription: shown and undone.

It may see every capability; none sees it but pages. It must not know pages.
"""
