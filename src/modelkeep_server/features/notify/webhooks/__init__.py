"""
Webhooks: other programs that are told of acts by signed messages.

`service.py` makes, changes and ends them, `queueing.py` notes what they are to be told in the transaction of the act,
`delivering.py` sends it afterwards and gives up those where nothing arrives.
"""
