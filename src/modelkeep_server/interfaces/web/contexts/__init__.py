"""
What each page is drawn from: one frozen dataclass a page. A handler makes one; the template receives its fields and
properties under their own names, beside `page`, the shell (render.py).

In forms, `values` holds what was typed and `errors` one sentence a field, both under the control's name. That name is
the JSON name of the API, dotted for inner keys: `riskTier`, `metadata.framework`, `metadata.card.license`,
`metadata.trainingDataset.name`. `owners` and `tags` are one text each, their entries apart by commas or blanks.
`relations` is how the person stands to the model; the template asks the permissions table with it.
"""
