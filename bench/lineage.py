"""
What following lineage costs: a registry with 100,000 edges, a dataset whose change reaches thousands of versions over
several steps, and the graph around it.

The graph is planted into the tables that are derived from versions, between the versions that the registry has: telling
it by acts would take an hour, and is read no differently.
"""
