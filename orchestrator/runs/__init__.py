"""Run folders: read again, by our own reader and by tshark, whoever made them.

door.py       a file → its value, by its bound and its type; what is missing is noted
read.py       a run's folder → Evidence
read_study.py a study's folder → its trials
dissect.py    what tshark says of a node's file
"""
