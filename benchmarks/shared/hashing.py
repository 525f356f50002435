"""Whether a run's bits depend on its pack: sha256 of its parameters and buffers after an epoch."""

import hashlib


def hashes(pack):
    """The first twelve digits for each run of the pack, in its order."""
    return [_hash(state) for state in pack.states()]


def _hash(state):
    sha = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        sha.update(name.encode())
        sha.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()[:12]


def packs(size):
    """The seeds that are trained together: 0 alone, with 1, all of `size`, all backwards."""
    whole = list(range(size))
    found = [whole[:1], whole[:2], whole, whole[::-1]]
    return [pack for k, pack in enumerate(found) if pack not in found[:k]]


def is_independent(found):
    """Whether every seed of `found` ([(seeds, hashes)]) has one hash, whatever its pack."""
    seen = {}
    for seeds, digests in found:
        for seed, digest in zip(seeds, digests, strict=True):
            seen.setdefault(seed, set()).add(digest)
    return all(len(digests) == 1 for digests in seen.values())
