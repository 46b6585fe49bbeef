"""Choose: groups, the decision model, propensities, the belief and its explanation.

Everything here is pure: no files, no clock, and every seed is an argument.
"""
