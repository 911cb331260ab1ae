"""What the product relies on that nobody promised: private names of other packages, which any release may change.

The list below is complete, as the first test sees to, and each line says by a check what has to hold of that name.
"""

import ast
import inspect
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from allauth.account import forms as account_forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows import login, reauthentication
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.views import ConfirmLoginCodeView
from allauth.core.internal import httpkit, ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.base import Provider
from csp.decorators import csp_update
from django.contrib.auth import middleware
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIRequest
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
APPS = [path.name for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name not in {"tests", "bench"}]
# Documented by whom they belong to, or parts of words of our own.
PROMISED = {
    "_meta",
    "_replace",
    "_exit",
    "_record",
    "_changelist",
    "_error",
    "_helptext",
    "_url",
    "_0",
    "_in_zones",
    "_quick",
}


def parameters(function):
    return list(inspect.signature(function).parameters)


def user_is_remembered_on_the_request():
    request = SimpleNamespace(session={}, META={})
    middleware.get_user(request)
    return hasattr(request, "_cached_user")


def policy_is_left_on_the_response():
    @csp_update({"img-src": ["'self'"]})
    def view(request):
        return HttpResponse()

    return hasattr(view(None), "_csp_update")


UNPROMISED = {
    # Django's models, managers and constraints
    "_base_manager": lambda: isinstance(User._base_manager, models.Manager),
    "_check_local_fields": lambda: parameters(User._check_local_fields) == ["fields", "option"],
    "_db": lambda: User.objects._db is None,
    "_delete_constraint_sql": lambda: (
        parameters(BaseDatabaseSchemaEditor._delete_constraint_sql) == ["self", "template", "model", "name"]
    ),
    "_is_pk_set": lambda: User()._is_pk_set() is False and User(pk=1)._is_pk_set() is True,
    "_iterable_class": lambda: User.objects.values_list("pk")._iterable_class is models.query.ValuesListIterable,
    "_known_related_objects": lambda: User.objects.all()._known_related_objects == {},
    "_prefetch_related_lookups": lambda: (
        User.objects.prefetch_related("groups")._prefetch_related_lookups == ("groups",)
    ),
    "_prepare_cursor": lambda: parameters(DatabaseWrapper._prepare_cursor) == ["self", "cursor"],
    "_state": lambda: User()._state.adding is True,
    # Django's requests, users and sessions
    "_cached_user": user_is_remembered_on_the_request,
    "_get_session_auth_hash": lambda: parameters(AbstractBaseUser._get_session_auth_hash) == ["self", "secret"],
    "_get_session_from_db": lambda: parameters(SessionStore._get_session_from_db) == ["self"],
    "_session_key": lambda: SessionStore("a" * 32)._session_key == "a" * 32,
    "_set_content_type_params": lambda: parameters(WSGIRequest._set_content_type_params) == ["self", "meta"],
    "_stream": lambda: RequestFactory().post("/", {"a": "b"})._stream.read is not None,
    # allauth
    "_delete_login_attempts_cached_email": lambda: (
        parameters(DefaultAccountAdapter._delete_login_attempts_cached_email) == ["self", "request", "credentials"]
    ),
    "_get_site_name": lambda: parameters(DefaultMFAAdapter._get_site_name) == ["self"],
    "_get_user": lambda: parameters(account_forms.UserTokenForm._get_user) == ["self", "uidb36"],
    "_process": lambda: "self._process = " in inspect.getsource(ConfirmLoginCodeView),
    "_rollback_login_failed_rl_usage": lambda: (
        parameters(DefaultAccountAdapter._rollback_login_failed_rl_usage) == ["self"]
    ),
    "allauth.account.internal.flows.email_verification": lambda: callable(consume_email_verification_rate_limit),
    "allauth.account.internal.flows.login_by_code": lambda: all(
        hasattr(LoginCodeVerificationProcess, name) for name in ("initial_state", "generate_code", "persist")
    ),
    "allauth.account.internal.flows.login": lambda: (
        parameters(login.record_authentication) == ["request", "user", "method", "extra_data"]
        and login.get_authentication_records(SimpleNamespace(session={}), User(pk=1)) == []
    ),
    "allauth.account.internal.flows.reauthentication": lambda: (
        parameters(reauthentication.get_reauthentication_flows) == ["user"]
    ),
    "allauth.core.internal.httpkit": lambda: parameters(httpkit.authenticated_user) == ["request"],
    "allauth.socialaccount.internal": lambda: (
        {"request", "provider_id", "state_id"} <= set(parameters(statekit.unstash_state))
        and {"state_id", "kwargs"} <= set(parameters(Provider.stash_redirect_state))
    ),
    "allauth.core.internal": lambda: all(
        callable(function) for function in (ratelimit.consume, ratelimit.clear, ratelimit.respond_429)
    ),
    # django-csp
    "_csp_update": policy_is_left_on_the_response,
}


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name.isidentifier() and name != "_"


def relied_on() -> set[str]:
    """Private names in the code that it uses and never makes, or makes and never uses; private modules it imports.

    What is made and never used overrides a method of somebody else's, who calls it.
    """
    made, used, modules = set(), set(), set()
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                    made.add(name)
                case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                    made.add(name)
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    used.add(name)
                case ast.ImportFrom(module=str(module), level=0, names=names):
                    used.update(alias.name for alias in names)
                    if any(part == "internal" or private(part) for part in module.split(".")):
                        modules.add(module)
    return {name for name in made ^ used if private(name)} - OURS | modules | (MADE_TOO & used)


# Made for a reader of the code, not for a caller.
OURS = {"_folders", "_whom"}
# Names of others that our code makes as well: it sets the attribute, or has a function called the same.
MADE_TOO = {"_cached_user", "_session_key"}


def test_the_list_of_private_names_that_the_code_relies_on_is_complete():
    assert relied_on() - PROMISED == set(UNPROMISED)


@pytest.mark.parametrize("name", UNPROMISED)
def test_a_private_name_still_means_what_we_take_it_for(name):
    assert UNPROMISED[name]()


def test_a_connection_still_passes_every_exchange_through_a_wait_that_takes_a_time():
    """`core.postgresql` gives a silent server up there."""
    assert parameters(psycopg.Connection.wait) == ["self", "gen", "interval", "timeout"]
    exchanging = (psycopg.Connection.commit, psycopg.Connection.rollback, psycopg.Cursor.execute)
    assert all("wait(" in inspect.getsource(function) for function in exchanging)
    assert "self.Database.connect(" in inspect.getsource(DatabaseWrapper.get_new_connection)


def test_a_query_still_asks_its_own_compiler_for_the_sql():
    """`core.compiled_queries` answers in the compiler's place; that its rows are right is tested with it."""
    assert {"using", "connection"} <= set(parameters(Query.get_compiler))
    assert "query.get_compiler(using=" in inspect.getsource(models.query.ModelIterable.__iter__)
    assert "compiler.execute_sql(" in inspect.getsource(models.query.ModelIterable.__iter__)
    assert {"results", "tuple_expected"} <= set(parameters(SQLCompiler.results_iter))
    assert "get_converters" in inspect.getsource(SQLCompiler.results_iter)
