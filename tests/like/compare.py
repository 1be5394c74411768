"""Says in what drm_info's JSON of a card differs from the JSON that the card was made from, but for what changes from
moment to moment (ids, what clients set) and what the board has said itself: compare.py WANTED SHOWN NOTES"""
import json
import re
import sys

MOMENTARY = {"id", "encoder_id", "crtc_id", "fb_id", "fb", "mode", "x", "y", "crtc_x", "crtc_y", "kernel"}
IMMUTABLE, BLOB = 4, 16


def card(path):
    return next(iter(json.load(open(path)).values()))


def order(objects, is_first):
    return [o for o in objects if is_first(o)] + [o for o in objects if not is_first(o)]


def by_place(shown):
    """Writeback first, ids as places, masks of encoders as lists of places."""
    written = {e for c in shown["connectors"] if c["type"] == 18 for e in c["encoders"]}
    at = {id(e): "encoders[%d]" % i for i, e in enumerate(shown["encoders"])}
    at.update((id(c), "connectors[%d]" % i) for i, c in enumerate(shown["connectors"]))
    ordered = order(shown["encoders"], lambda e: e["id"] in written)
    place = {e["id"]: i for i, e in enumerate(ordered)}
    for e in shown["encoders"]:
        e["clones"] = sorted(place[o["id"]] for i, o in enumerate(shown["encoders"]) if e["possible_clones"] >> i & 1)
    for c in shown["connectors"]:
        c["encoders"] = [place[e] for e in c["encoders"]]
    return ordered, order(shown["connectors"], lambda c: c["type"] == 18), at


def lasting(prop):
    kept = {k: prop[k] for k in ("flags", "type", "atomic", "immutable", "spec")}
    if prop["flags"] & IMMUTABLE:
        kept["value"] = prop["data"] or (prop["raw_value"] != 0 if prop["flags"] & BLOB else prop["value"])
    return kept


def flat(thing, key):
    for name, value in thing.items():
        if name == "properties":
            for prop, content in value.items():
                yield "%s.properties.%s" % (key, prop), lasting(content)
        elif name in ("caps", "client_caps", "version"):
            yield from flat(value, "%s.%s" % (key, name))
        elif name not in MOMENTARY and name != "possible_clones":
            yield "%s.%s" % (key, name.replace("clones", "possible_clones")), value


def main():
    wanted, shown = card(sys.argv[1]), card(sys.argv[2])
    notes = re.findall(r"not imitated: ([^:]+):", open(sys.argv[3]).read())
    ours, theirs = {}, {}
    encoders, connectors, at = by_place(wanted)
    our_encoders, our_connectors, _ = by_place(shown)
    pairs = [("driver", wanted["driver"], shown["driver"]), ("fb_size", wanted["fb_size"], shown["fb_size"])]
    for kind in ("planes", "crtcs"):
        if len(wanted[kind]) != len(shown[kind]):
            sys.exit("%s: %d and %d" % (kind, len(wanted[kind]), len(shown[kind])))
        pairs += [("%s[%d]" % (kind, i), w, s) for i, (w, s) in enumerate(zip(wanted[kind], shown[kind]))]
    for theirs_of, ours_of in ((encoders, our_encoders), (connectors, our_connectors)):
        if len(theirs_of) != len(ours_of):
            sys.exit("%d and %d outputs" % (len(theirs_of), len(ours_of)))
        pairs += [(at[id(w)], w, s) for w, s in zip(theirs_of, ours_of)]
    for key, w, s in pairs:
        theirs.update(flat(w, key))
        ours.update(flat(s, key))
    wrong = [k for k in sorted(theirs.keys() | ours.keys()) if theirs.get(k) != ours.get(k) and k not in notes]
    for key in wrong:
        print("%s: is %s, shown is %s" % (key, theirs.get(key), ours.get(key)))
    print("%d compared, %d noted" % (len(theirs), len(set(notes))))
    sys.exit(1 if wrong else 0)


main()
