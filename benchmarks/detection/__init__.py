"""How well wrong labels are found: every signal and the evidence over them against cleanlab, on data with known errors.

python -m benchmarks.detection --data DIR... --json FILE
"""
