# Names targets; what they do stands in scripts/. Further arguments: make test ARGS="-k audit"
.DEFAULT_GOAL := help
.PHONY: help run test check docs pictures bench endurance assets format lock lock-npm

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

run: ## set up what is missing and serve at http://127.0.0.1:8000
	@sh scripts/run.sh $(ARGS)

test: ## set up what is missing and run all tests, on SQLite and PostgreSQL
	@sh scripts/test.sh $(ARGS)

check: ## lint, format, types, imports, dependencies, sizes, scripts, lock files, reference pages
	@sh scripts/check.sh

docs: ## write docs/reference/ anew from the code
	@sh scripts/dev.sh python -m modelkeep_server.operate.docs

pictures: ## take the pictures of the README anew, from a registry that runs
	@sh scripts/dev.sh python scripts/pictures.py

bench: ## measure, beside a peer where there is one
	@sh scripts/dev.sh python -m bench $(ARGS)

endurance: ## the long tests, with their figures
	@sh scripts/dev.sh python -m pytest -s -m endurance $(ARGS)

assets: ## build the style sheet, scripts and icons where their sources changed
	@sh scripts/dev.sh python hatch_build.py

format: ## format the code and sort its imports
	@sh scripts/dev.sh sh scripts/format.sh

lock: ## resolve the dependencies anew and export requirements/
	@sh scripts/lock.sh

lock-npm: ## write package-lock.json anew from package.json
	@sh scripts/lock.sh --npm
