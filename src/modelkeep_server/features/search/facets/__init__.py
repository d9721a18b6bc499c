"""
What else the models have that a search finds: counts for each value of each field.

1. `counting` is the door: it counts the fields, and names the values that are shown.
2. `newest` finds the numbers of the newest documents that fit, as many as are counted.
3. `tallying` takes the codes of their values from what is `remembered`, or reads them.
4. `tallies` counts these codes.

The last two need numpy, which is loaded with the first search, or a second after the start.
"""
