"""What a run's evidence says: records in, findings out. No file is opened, no program run.

frames.py     captured frames, decoded up to their transport, and what stays of them across NAT
evidence.py   all that a run left, as one value
story.py      the same, looked up by the questions that steps ask
step.py       what a finding is: a step, with its proofs
steps/        one module per step, in an explicit list
journey.py    evidence → journey
"""
