"""The verbs that people name tools with, by what they do to the world.

*Firm* words are verbs wherever they stand in a name: `user_delete`, `bulk_delete_users`. *Soft*
ones are nouns as often: `list`, `post`, `transfer`. They count where a verb stands, and not after a
verb that reads: `get_post` posts nothing. *Open* verbs say that something is done, but not what:
`generate`, `resolve`. A word that reads in one trade and changes in another is listed as the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lockgate.classify.profile import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# fmt: off
FIRM: Final = MappingProxyType({
    Effect.READ:
        "get retrieve fetch read obtain find show describe display inspect lookup enumerate "
        "browse peek discover explore examine identify whoami detect recall recognize recognise "
        "introspect summarize summarise explain analyze analyse compare calculate compute "
        "estimate predict forecast recommend suggest think validate lint diagnose debug ping "
        "wait sleep geocode understand determine gather aggregate cat grep ls pwd decode parse "
        "tokenize classify categorize measure assess stat count advise instruct deduce derive "
        "locate pinpoint interpret infer contrast correlate tabulate illustrate proofread "
        "quantify survey solve brainstorm await assert inquire investigate research "
        "autocomplete geolocate traverse iterate whois nslookup dig traceroute elaborate tally "
        "guide multiply divide subtract transcribe rerank",
    Effect.CREATE:
        "create add insert append prepend provision allocate reserve initialize initialise init "
        "bootstrap scaffold onboard enroll enrol upsert ingest instantiate compose mkdir "
        "introduce establish enqueue hire annotate subscribe join mint spawn preregister "
        "prepopulate construct craft author propose nominate enlist replicate contribute "
        "persist preorder declare define rebook acquire",
    Effect.UPDATE:
        "update modify edit alter replace rename manage configure reconfigure enable disable "
        "activate deactivate reactivate assign unassign reassign rebase restore revert rollback "
        "unarchive cancel adjust resize toggle overwrite rewrite write increment decrement "
        "extend renew rotate regenerate promote demote migrate reorder reprioritize prioritize "
        "mute unmute hide unhide unlock suspend resume attach detach connect disconnect bind "
        "unbind unlink unpin untag unstar unfollow unlike unmerge acknowledge dismiss snooze "
        "reopen reschedule postpone redirect tune optimize optimise rebuild reindex populate "
        "enrich amend annul moderate organize organise reconcile remember forget memorize "
        "protect unprotect revoke reject decline deny accept unsubscribe finalize finalise "
        "stash put rearrange refactor customize customise fix adopt abandon enforce freeze "
        "unfreeze quarantine retire deprecate undo redo upvote downvote unstage vacuum "
        "anonymize anonymise obfuscate defragment throttle fulfill fulfil confirm mutate tweak "
        "relocate repoint retag relabel shuffle sanitize scrub supersede ensure propagate "
        "isolate cordon uncordon drain evacuate failover rebalance recalculate recategorize "
        "reclassify unban uncheck unflag unwatch invalidate rescind maximize minimize negotiate "
        "incorporate conclude adapt align convene renumber hibernate rewind specify impose "
        "inherit ack nack",
    Effect.DELETE:
        "delete remove erase purge destroy wipe truncate terminate uninstall prune discard "
        "evict expunge shred obliterate rm rmdir del unset deregister unregister deprovision "
        "decommission clear flush nuke dispose undeploy unpublish delist dismantle annihilate "
        "eradicate dequeue demolish eject expel oust retract unsend disband dissolve abolish "
        "exterminate zeroize vacate undefine",
    Effect.SEND:
        "send notify publish deliver transmit announce multicast submit emit exfiltrate warn "
        "remind inform blast congratulate",
    Effect.PAY:
        "pay reimburse withdraw disburse remit donate settle repay overpay prepay lend borrow "
        "invest liquidate redeem wager compensate subsidize unstake topup",
    Effect.EXECUTE:
        "execute exec eval evaluate invoke restart reboot abort kill deploy redeploy rerun "
        "reinstall compile finetune navigate scroll hover swipe reload halt interrupt interact "
        "orchestrate automate chmod chown unmount inject initiate actuate detonate ignite arm "
        "disarm engage disengage dispense accelerate brake steer dock undock goto mow",
    Effect.GRANT:
        "authorize authorise approve impersonate elevate entrust empower unblock admit expose "
        "accredit certify ratify endorse countersign consent signoff",
    Effect.UNKNOWN:
        "generate prepare resolve verify render convert translate visualize visualise "
        "synthesize produce normalize normalise",
})
SOFT: Final = MappingProxyType({
    Effect.READ:
        "list view search check query look see scan preview diff sample monitor profile audit "
        "trace status observe filter rank score tail outline provide sum average round",
    Effect.CREATE:
        "store duplicate clone register import save new make draft book fork copy comment "
        "record log tag label bookmark schedule open build backup snapshot request note cache "
        "star like follow react pin queue place claim file branch raise seed plan design mirror "
        "mock stamp",
    Effect.UPDATE:
        "reset upgrade downgrade override repair move escalate set change patch merge commit "
        "push pull sync synchronize synchronise refresh mark lock sort link map rate close "
        "block ban mask redact pause hold release focus drag select highlight pick index cut "
        "alias process load balance advance turn step roll exchange archive control handle "
        "complete apply setup login logout signup signout checkin checkout authenticate fill "
        "type stage switch correct transform vote handoff cherry tidy group ungroup split trim "
        "crop compress encrypt decrypt transition flag limit pivot position pair kick leave "
        "exit shift bump maintain force yield break continue end begin finish return skip "
        "consume decide",
    Effect.DELETE:
        "drop trash empty cleanup teardown void expire pop zap clean burn sweep strip scrap "
        "yank",
    Effect.SEND:
        "broadcast dispatch post email mail message share forward reply export upload text sms "
        "dm fax respond answer dump tweet retweet ship alert contact relay say speak stream "
        "rsvp report",
    Effect.PAY:
        "buy sell charge refund transfer wire deposit trade tip bill fund cash stake bid "
        "purchase payout swap spend loan bet pledge bridge",
    Effect.EXECUTE:
        "retry mount run start stop call shell bash terminal command cmd script repl play cron "
        "scale emulate cycle boot fire act perform operate ssh launch shutdown trigger install "
        "click tap press train drive go park dim brighten heat cool benchmark quit enter signal "
        "attack exploit",
    Effect.GRANT:
        "invite grant allow trust sign assume whitelist allowlist delegate permit license",
    Effect.UNKNOWN:
        "collect download test track watch ask chat format print plot screenshot take simulate "
        "extract expand collapse wake pass tell give review embed model poll quote match crawl "
        "scrape capture",
})
# fmt: on
COMMON: Final = MappingProxyType(
    {
        Effect.CREATE: (
            "create",
            "create add new insert make register build provision generate",
        ),
        Effect.UPDATE: (
            "update",
            "update modify edit change set alter patch replace adjust put amend manage write",
        ),
        Effect.DELETE: ("delete", FIRM[Effect.DELETE]),
        Effect.READ: ("read", f"{FIRM[Effect.READ]} {SOFT[Effect.READ]}"),
        Effect.SEND: ("send", "send deliver transmit dispatch submit post"),
        Effect.PAY: ("pay", "pay settle repay prepay"),
        Effect.EXECUTE: ("run", "run execute exec invoke launch start perform call"),
        Effect.GRANT: ("grant", "grant allow permit"),
    }
)  # fmt: skip
"""The verb that stands for others of its kind in an alias, and which others."""
_MILDEST_FIRST: Final = (
    Effect.READ,
    Effect.CREATE,
    Effect.UPDATE,
    Effect.SEND,
    Effect.PAY,
    Effect.EXECUTE,
    Effect.GRANT,
    Effect.DELETE,
)
_NEVER_INFLECTED: Final = frozenset({"new"})
_IRREGULAR: Final = {
    "sent": "send", "paid": "pay", "written": "write", "overwritten": "overwrite", "sold": "sell",
    "bought": "buy", "made": "make", "built": "build", "bound": "bind", "hidden": "hide",
    "frozen": "freeze", "undone": "undo", "withdrawn": "withdraw", "rewritten": "rewrite",
    "run": "run", "set": "set", "reset": "reset", "put": "put", "taken": "take", "found": "find",
}  # fmt: skip


_DERIVING: Final = MappingProxyType(
    {"un": True, "de": True, "dis": True, "re": False, "auto": False}
)
"""What verbs are made with, and whether it turns their meaning round."""


class Form(StrEnum):
    """How a verb stands in a sentence."""

    BASE = "delete"
    ACTS = "deletes"
    DOING = "deleting"
    DONE = "deleted"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    Attributes:
        word: Its base form.
        effect: What it does; unknown if it is open.
        firm: Whether it is always a verb.
    """

    word: str
    effect: Effect
    firm: bool

    @property
    def changes(self) -> bool:
        """Whether it is known to do more than read."""
        return self.effect not in {Effect.READ, Effect.UNKNOWN}


def common(word: str) -> str:
    """Return the verb that stands for `word` in an alias, or the word itself."""
    return _COMMON_OF.get(word, word)


def severity(effect: Effect) -> int:
    """Return what to order effects by; what is open is below everything."""
    return -1 if effect is Effect.UNKNOWN else _MILDEST_FIRST.index(effect)


def verb_of(word: str) -> Verb | None:
    """Return the verb that a word is, also where it is made of one: `unresolve`, `resend`."""
    known = VERBS.get(word)
    if known is not None:
        return known
    for prefix, turns in _DERIVING.items():
        inner = VERBS.get(word.removeprefix(prefix)) if word.startswith(prefix) else None
        if inner is not None and inner.firm:
            turned = turns or inner.effect is Effect.READ
            return Verb(word, Effect.UPDATE if turned else inner.effect, firm=True)
    return None


def _all() -> Iterator[Verb]:
    for table, firm in ((FIRM, True), (SOFT, False)):
        for effect, row in table.items():
            for word in row.split():
                yield Verb(word, effect, firm)


def _inflected(verb: str) -> Iterator[tuple[str, Form]]:
    """Yield the forms of a verb; a form that nobody writes does no harm."""
    stem = verb.removesuffix("e")
    after_consonant = verb[-1] == "y" and verb[-2:-1] not in set("aeiou")
    if after_consonant:
        yield verb[:-1] + "ies", Form.ACTS
        yield verb[:-1] + "ied", Form.DONE
    else:
        yield verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else "s"), Form.ACTS
        yield stem + "ed", Form.DONE
        yield verb + verb[-1] + "ed", Form.DONE
    yield stem + "ing", Form.DOING
    yield verb + "ing", Form.DOING
    yield verb + verb[-1] + "ing", Form.DOING


def _forms() -> Iterator[tuple[str, tuple[Verb, Form]]]:
    for word, verb in VERBS.items():
        if word not in _NEVER_INFLECTED:
            yield from ((form, (verb, kind)) for form, kind in _inflected(word))
    for form, word in _IRREGULAR.items():
        yield form, (VERBS[word], Form.DONE)
    for word, verb in VERBS.items():
        yield word, (verb, Form.BASE)


VERBS: Final[Mapping[str, Verb]] = MappingProxyType({verb.word: verb for verb in _all()})
"""Every verb by its base form."""
FORMS: Final[Mapping[str, tuple[Verb, Form]]] = MappingProxyType(dict(_forms()))
"""Every form of every verb."""
_COMMON_OF: Final = MappingProxyType(
    {word: common for common, words in COMMON.values() for word in words.split()}
)
