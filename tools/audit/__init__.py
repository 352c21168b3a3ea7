"""Scanners: our code by bandit, the locked packages by pip-audit.

    make audit                              both; the advisories come from the network
    make audit ADVISORIES=PyPI/all.zip      both; the advisories come from this file, and nothing is asked outside
    python -m tools.audit code              the code only: part of `make lint`
    python -m tools.audit packages          the packages only

It ends with 1 where something was found, with 3 where no advisories could be had: packages that nobody looked at are
never said to be sound.
"""
