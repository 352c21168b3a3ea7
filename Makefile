PYTHON := .venv/bin/python

# A migration of what the models have and the last migration does not: make migration m="duty hours".
# Before anything has landed: rm migrations/versions/0001*; make migration m="the roster and the alarm"
.PHONY: migration
migration:
	@test -n "$(m)" || { echo 'say what it is: make migration m="duty hours"' >&2; exit 1; }
	@mkdir -p var && rm -f var/migration.sqlite*
	@$(PYTHON) -c "from config.migrations import upgrade; upgrade('sqlite:///var/migration.sqlite')"
	@.venv/bin/alembic -x database_url=sqlite:///var/migration.sqlite revision --autogenerate -m "$(m)" \
	  --rev-id $$(printf %04d $$(($$(ls migrations/versions | grep -c '^[0-9].*\.py$$') + 1)))
	@rm -f var/migration.sqlite*
