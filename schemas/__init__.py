"""The vocabulary in which the stages meet: records, topics, errors and data files.

Nothing here imports a stage; every stage imports this.
"""
