"""What every page stands in: layout, access, languages, assets, navigation, error pages, security.

It must not know a capability's pages.
"""
