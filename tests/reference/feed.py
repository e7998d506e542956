"""A log that is not ours asks our witness, through a client that is not ours (aics-witness).

    feed.py URL WITNESS_VKEY SEED     SEED: hex of the log's Ed25519 seed, whose key the witness trusts as log.reference/1

Prints one word for each case, as the client sees it.
"""

import sys

from aics_tlog import Checkpoint, MerkleTree, sign_checkpoint
from aics_witness.feeder import WitnessAhead, WitnessClient, WitnessRejected
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.reference/1"


def signed(tree, size, key, origin=ORIGIN):
    checkpoint = Checkpoint(origin=origin, size=size, root=tree.root(size))
    return sign_checkpoint(checkpoint, key, origin).serialise()


def refused(client, note, proof):
    try:
        client.submit(note, proof)
    except WitnessAhead:
        return "ahead"
    except WitnessRejected as error:
        return str(error.status)
    return "cosigned"


def main(url, vkey, seed):
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    tree = MerkleTree(str(leaf).encode() for leaf in range(600))
    twisted = MerkleTree(str(leaf if leaf < 100 else -leaf).encode() for leaf in range(600))
    with WitnessClient(url, vkey) as client:
        for size in [0, 1, 2, 3, 7, 8, 70, 255, 256, 257, 511, 512]:
            # The client verifies the line against the witness's key and the checkpoint.
            assert client.submit(signed(tree, size, key), tree.consistency_proof).startswith("\u2014 ")
            print("cosigned", size)
        print("again", refused(client, signed(tree, 512, key), tree.consistency_proof))
    with WitnessClient(url, vkey) as fresh:
        # Knows nothing, so it learns the size from the 409.
        print("fresh", refused(fresh, signed(tree, 600, key), tree.consistency_proof))
        print("older", refused(fresh, signed(tree, 300, key), tree.consistency_proof))
        print("fork", refused(fresh, signed(twisted, 600, key), twisted.consistency_proof))
        stranger = Ed25519PrivateKey.generate()
        print("forged", refused(fresh, signed(tree, 600, stranger), tree.consistency_proof))
        unknown = signed(tree, 600, key, "log.unknown/1")
        print("unknown", refused(fresh, unknown, tree.consistency_proof))


main(*sys.argv[1:])
