"""What a run's evidence says: records in, findings out. No file is opened, no program run.

evidence.py    all that a run left, as one value
story.py       the same, looked up by the questions that steps ask
step.py        what a finding is: a step, with its proofs
teller.py      what every kind of step is to the journey
steps/         one module per kind of step, in an explicit list
journey.py     evidence → journey
milestones.py  the comments of journey.pcapng

packets/       frames, header by header
hops/          one packet over every interface: tracks, traces, NAT, hand-offs, why it went so
names/         DNS
connections/   TCP and TLS
web/           HTTP, fetches over proxies, logs, database queries
waits/         the critical path
figures/       beside the textbook, and beside other visits
"""
