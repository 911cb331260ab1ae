"""The addresses of the person who asks."""

from api.models import ApiKey, Scope
from api.operations import keys, leaving, notifications, people
from api.routes import NO_KEY, Route
from api.serializers.base import InZone, Paged
from api.serializers.keys import KeyIn, KeyOut, NewKeyOut
from api.serializers.notifications import SettingsIn, SettingsOut
from api.serializers.people import (
    CopyIn,
    CopyOut,
    EmailIn,
    LeaveIn,
    LeavingOut,
    LeftOut,
    MeIn,
    MeOut,
    PasswordIn,
    PhotoIn,
    PhotoOut,
    StandingOut,
    WelcomeOut,
)


def _id(made: tuple[ApiKey, str]) -> str:
    return str(made[0].uuid)


KEYS = [
    Route(
        verb="GET",
        path="/api/me/keys/",
        operation=keys.list_keys,
        scope=NO_KEY,
        params=Paged,
        writes=KeyOut,
        pages=True,
    ),
    Route(
        verb="POST",
        path="/api/me/keys/",
        operation=keys.make_key,
        scope=NO_KEY,
        reads=KeyIn,
        params=InZone,
        writes=NewKeyOut,
        status=201,
        made=_id,
        again=keys.made_before,
        limit="make_key",
        problems=("policy-refused", "not-allowed", "not-found", "time-without-offset"),
    ),
    Route(
        verb="DELETE",
        path="/api/me/keys/<id>/",
        operation=keys.end_key,
        scope=NO_KEY,
        status=204,
    ),
]
ME = Route(
    verb="GET",
    path="/api/me/",
    operation=people.read_me,
    scope=Scope.PROFILE_READ,
    params=InZone,
    writes=MeOut,
)
OWN_DATA = [
    ME,
    Route(
        verb="PATCH",
        path="/api/me/",
        operation=people.change_me,
        scope=Scope.PROFILE_WRITE,
        reads=MeIn,
        params=InZone,
        writes=MeOut,
        state=ME,
    ),
    Route(
        verb="PUT",
        path="/api/me/photo/",
        operation=people.change_photo,
        scope=Scope.PROFILE_WRITE,
        reads=PhotoIn,
        writes=PhotoOut,
        upload=True,
    ),
    Route(
        verb="DELETE",
        path="/api/me/photo/",
        operation=people.remove_photo,
        scope=Scope.PROFILE_WRITE,
        status=204,
    ),
    Route(
        verb="POST",
        path="/api/me/email/",
        operation=people.change_email,
        scope=NO_KEY,
        reads=EmailIn,
        params=InZone,
        writes=MeOut,
        again=people.as_before,
    ),
    Route(
        verb="POST",
        path="/api/me/password/",
        operation=people.change_password,
        scope=NO_KEY,
        reads=PasswordIn,
        params=InZone,
        writes=MeOut,
        again=people.as_before,
    ),
    Route(
        verb="GET",
        path="/api/me/standing/",
        operation=people.read_standing,
        scope=Scope.PROFILE_READ,
        params=InZone,
        writes=StandingOut,
    ),
    Route(
        verb="POST",
        path="/api/me/export/",
        operation=people.ask_for_copy,
        scope=NO_KEY,
        reads=CopyIn,
        params=InZone,
        writes=CopyOut,
        status=202,
        made=lambda copy: str(copy.uuid),
        again=people.copy_before,
        limit="data_copy",
        open_to_banned=True,
    ),
]
SETTINGS = Route(
    verb="GET",
    path="/api/notifications/settings/",
    operation=notifications.read_settings,
    scope=Scope.PROFILE_READ,
    writes=SettingsOut,
)
TOLD = [
    SETTINGS,
    *(
        Route(
            verb=verb,
            path=SETTINGS.path,
            operation=operation,
            scope=Scope.PROFILE_WRITE,
            reads=SettingsIn,
            writes=SettingsOut,
            state=SETTINGS,
        )
        for verb, operation in (("PUT", notifications.replace_settings), ("PATCH", notifications.change_settings))
    ),
]
LOOK_BEFORE_LEAVING = Route(
    verb="GET",
    path="/api/customer/delete/",
    operation=leaving.look,
    scope=NO_KEY,
    writes=LeavingOut,
    open_to_banned=True,
)
LEAVING = [
    LOOK_BEFORE_LEAVING,
    *(
        Route(
            verb=verb,
            path="/api/customer/delete/",
            operation=leaving.leave,
            scope=NO_KEY,
            reads=LeaveIn,
            params=InZone,
            writes=LeftOut,
            status=202,
            limit="leave",
            open_to_banned=True,
            state=LOOK_BEFORE_LEAVING,
            again=leaving.left_before,
            problems=("refused", "late-cancellation", "conflicts", "not-found"),
        )
        for verb in ("POST", "DELETE")
    ),
]
ROUTES = [
    Route(
        verb="GET",
        path="/api/welcome",
        operation=people.welcome,
        scope=Scope.PROFILE_READ,
        writes=WelcomeOut,
    ),
    *KEYS,
    *OWN_DATA,
    *TOLD,
    *LEAVING,
]
