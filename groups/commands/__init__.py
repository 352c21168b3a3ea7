"""Commands of the roster's side: villages, rosters, the directory, enrolment, coverage, accounts, responders.

`app.COMMANDS` names each; its module is imported when it is called. Commands open the transaction, call a use case and
print; no rule lives here. They must not know pages.
"""
