"""
Why a sign-in by an issuer failed, in words: a row a fault. An event names it as the rule `oidc_<fault>`.

The sentences are ours alone: nothing that an issuer, a token or an address says is repeated in them.
"""

from dataclasses import dataclass

from modelkeep_server.ports import OAUTH_ERRORS

_OPERATOR = "Tell the operator of this registry: signing in this way cannot work until it is looked at."
_AGAIN = "Try again from the sign-in page."


@dataclass(frozen=True)
class Words:
    """What went wrong, and what to do. `{name}` stands for the issuer's name, `{code}` for its error code."""

    what: str
    remedy: str = _AGAIN


FAULTS: dict[str, Words] = {
    # the way there and back
    "unknown_attempt": Words(
        "You came back too late, or this way back was used already.",
        "Try again. A sign-in has 10 minutes, and each way back works once.",
    ),
    "other_browser": Words(
        "You came back in another browser than you left with, or its cookies were cleared.",
        "Try again, and stay in one browser. Cookies of this site must be allowed.",
    ),
    "other_issuer": Words("The answer of one issuer arrived at the address of another.", _OPERATOR),
    "malformed_query": Words("The address you came back to is damaged."),
    "session_changed": Words(
        "You signed in or out while you were on the way.", "Go back to the page you came from and try again."
    ),
    # what the issuer said
    "down": Words("{name} does not answer right now.", "Try again in a moment. Whoever is signed in stays signed in."),
    "issuer_error": Words("{name} did not sign you in{code}.", "Try again, or ask those who run {name}."),
    "access_denied": Words("You or {name} said no.", "Try again, or ask those who run {name} to let you in."),
    "token_refused": Words("{name} did not accept the way back{code}.", _AGAIN),
    "client_refused": Words("{name} does not accept this registry{code}.", _OPERATOR),
    "wrong_response_issuer": Words("The answer names another issuer than {name}.", _OPERATOR),
    "wrong_discovery": Words("{name} calls itself by another address than is set up here.", _OPERATOR),
    "unsafe_address": Words("{name} names an address that is not safe to use.", _OPERATOR),
    "redirected": Words("{name} sent this registry elsewhere, which it does not follow.", _OPERATOR),
    "too_large": Words("The answer of {name} is too large.", _OPERATOR),
    "malformed_answer": Words("The answer of {name} cannot be read.", _OPERATOR),
    "no_code": Words("{name} sent you back without a code."),
    "no_id_token": Words("{name} gave no ID token.", _OPERATOR),
    "malformed_token": Words("The ID token of {name} cannot be read.", _OPERATOR),
    "algorithm_refused": Words("The ID token is signed in a way that is not accepted here.", _OPERATOR),
    "embedded_key": Words("The ID token brings its own key, which is not accepted.", _OPERATOR),
    "unknown_key": Words(
        "The ID token is signed with a key that {name} does not publish.",
        "Try again in a minute. If it stays so, tell the operator of this registry.",
    ),
    "bad_signature": Words("The signature of the ID token does not hold.", _OPERATOR),
    "wrong_issuer": Words("The ID token is another issuer's.", _OPERATOR),
    "wrong_audience": Words("The ID token is meant for another program.", _OPERATOR),
    "wrong_party": Words("The ID token was given to another program.", _OPERATOR),
    "wrong_nonce": Words("The ID token belongs to another sign-in."),
    "wrong_access_token": Words("The ID token belongs to another access token.", _OPERATOR),
    "wrong_userinfo": Words("{name} told of two different people.", _OPERATOR),
    "bad_subject": Words("{name} did not say who you are.", _OPERATOR),
    "expired": Words(
        "The ID token has expired, or the clocks of {name} and this registry differ by more than a minute.",
        "Try again. If it stays so, tell the operator to check the clock.",
    ),
    "issued_in_future": Words(
        "The clocks of {name} and this registry differ by more than a minute.", "Tell the operator to check the clock."
    ),
    "not_yet_valid": Words(
        "The ID token is not valid yet: the clocks of {name} and this registry may differ.",
        "Tell the operator to check the clock.",
    ),
    "not_shown_anew": Words(
        "{name} did not ask you to show anew who you are.", "Try again, or confirm with your passphrase."
    ),
    # whom it vouched for
    "email_missing": Words(
        "{name} did not tell your e-mail address, which an account here needs.", "Ask those who run {name}."
    ),
    "email_unverified": Words(
        "{name} does not say that your e-mail address is verified.",
        "Verify it there and try again, or ask an Admin here for an invitation.",
    ),
    "account_exists": Words(
        "There is an account with your e-mail address already, and it is not connected with {name}.",
        "Sign in the way you did before and connect {name} on your profile page, or ask an Admin for a one-time link.",
    ),
    "team_address": Words(
        "Your e-mail address is the shared address of a team here, so that it cannot be one person's account.",
        "Ask an Admin.",
    ),
    "account_disabled": Words("This account is disabled.", "Ask an Admin."),
    "invitation_gone": Words("The one-time link was used already, or has expired.", "Ask an Admin for a new one."),
    "invitation_of_another": Words(
        "The one-time link is for another e-mail address than the one {name} told.",
        "Sign in there with the account of the invited address, or accept with a passphrase.",
    ),
    "identity_taken": Words(
        "That account at {name} is connected with somebody else's account here.", "Choose another account there."
    ),
    "other_person": Words(
        "That account at {name} is not connected with yours here.", "Choose the account you signed in with."
    ),
}


class SignInFault(Exception):
    """A sign-in by an issuer that failed, with its words. `at` is the issuer's slug."""

    def __init__(self, fault: str, *, at: str, name: str, code: str | None = None) -> None:
        super().__init__(fault)
        self.fault = fault
        self.at = at
        self.code = code
        self.detail, self.remedy = say_fault(fault, name, code)

    @property
    def rule(self) -> str:
        """What the event of the refusal names."""
        return f"oidc_{self.fault}"


def say_fault(fault: str, name: str, code: str | None = None) -> tuple[str, str]:
    """What went wrong and what to do, for a fault of this page. Raises KeyError."""
    words = FAULTS[fault]
    told = {"name": name, "code": f" (it says {code})" if code in OAUTH_ERRORS else ""}
    what, remedy = words.what.format(**told), words.remedy.format(**told)
    return what[:1].upper() + what[1:], remedy
