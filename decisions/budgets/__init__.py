"""How many of some offers may be accepted in all: counted in each shard, handed out by one.

After O'Neil, "The Escrow Transactional Method", ACM TODS 11(4), 1986. The argument that no unit is
accepted twice stands in docs/commit-protocol.md.

    budget.py  what the playbook says of one
    purse.py   one shard's: accepts from what it holds, gives back what it can spare
    ledger.py  shard 0's: what it has handed out to whom, by what all have reported
"""
