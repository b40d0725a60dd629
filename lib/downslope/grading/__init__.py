"""Grading: nbgrader records, we run. Learners' code runs in a sandbox; the tests run outside it.

protocol    what crosses: plain values and arrays, in frames
worker      the one script inside the sandbox
sandbox     starts it: bubblewrap, limits, no network
session     one sandboxed Python for each submission, and its functions as proxies
submission  what a learner handed in, put back on the notebook that was given out
grade       one submission of one set, to a report
"""
