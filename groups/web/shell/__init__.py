"""What every page stands in: layout, access, languages, assets, navigation, error pages, security.

It knows no capability.
"""
