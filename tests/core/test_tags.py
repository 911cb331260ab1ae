"""What the tags of the design system write."""

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

START = datetime(2026, 3, 12, 14, 20, tzinfo=UTC)
END = datetime(2026, 3, 12, 15, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_2026(time_machine_2026):
    pass


@pytest.fixture
def time_machine_2026():
    import time_machine

    with time_machine.travel(datetime(2026, 3, 10, 11, 2, tzinfo=UTC), tick=False):
        yield


def person(**settings):
    return SimpleNamespace(
        **{
            "is_authenticated": True,
            "uuid": UUID(int=7),
            "time_zone": "Europe/London",
            "uses_12h_clock": False,
            "theme": "system",
            **settings,
        }
    )


def write(text: str, user=None, address="/", **context) -> str:
    request = RequestFactory().get(address)
    request.session = {}
    request.user = user or SimpleNamespace(is_authenticated=False)
    return Template(text).render(RequestContext(request, {"start": START, "end": END, **context}))


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        (
            "{% when start end 'Europe/London' %}",
            '<time datetime="2026-03-12T14:20+00:00">Thu 12 March, 14:20</time> to '
            '<time datetime="2026-03-12T15:05+00:00">15:05</time>',
        ),
        (
            "{% when start zone='America/New_York' long=True zoned=True %}",
            '<time datetime="2026-03-12T10:20-04:00">Thursday 12 March, 10:20</time>, New York time',
        ),
        (
            "{% time_range start end 'Europe/London' %}",
            '<time datetime="2026-03-12T14:20+00:00">14:20</time> to '
            '<time datetime="2026-03-12T15:05+00:00">15:05</time>',
        ),
        (
            "{% time_range start end 'Pacific/Auckland' %}",
            '<time datetime="2026-03-13T03:20+13:00">03:20</time> to '
            '<time datetime="2026-03-13T04:05+13:00">04:05</time>',
        ),
        ("{% clock_time start 'Asia/Kolkata' %}", '<time datetime="2026-03-12T19:50+05:30">19:50</time>'),
        (
            "{% date_long start 'Pacific/Kiritimati' %}",
            '<time datetime="2026-03-13T04:20+14:00">Friday 13 March</time>',
        ),
        ("{% date_short day %}", '<time datetime="2027-01-02">Sat 2 January 2027</time>'),
        ('<b title="{% when start end plain=True %}">', '<b title="Thu 12 March, 14:20 to 15:05">'),
        ("{% date_long day plain=True %}", "Saturday 2 January 2027"),
        ("{% days_until start 'Europe/London' %}", "in 2 days"),
        ("{% time_until soon %}", "5 h 18 min"),
        ("{% zone_city 'America/New_York' %}", "New York"),
        ("{{ 90|duration }} {% duration 45 %}", "1 h 30 min 45 min"),
        ("{% money 58 'GBP' %} {% money price 'EUR' %}", "£58 €61.50"),
        ("{% money 0 'GBP' %} {% money '0.00' 'USD' %}", "Free Free"),
    ],
)
def test_times_lengths_and_prices_are_written_in_one_way(tag, written):
    from decimal import Decimal

    soon = datetime(2026, 3, 10, 16, 20, tzinfo=UTC)

    assert write(tag, day=date(2027, 1, 2), soon=soon, price=Decimal("61.5"), zone="Europe/London") == written


def test_a_range_across_midnight_names_the_second_date():
    late, later = datetime(2026, 3, 12, 23, 30, tzinfo=UTC), datetime(2026, 3, 13, 0, 15, tzinfo=UTC)

    assert write("{% time_range a b 'Europe/London' %}", a=late, b=later).endswith(">Fri 13 March, 00:15</time>")
    assert ">Thu 12 March, 23:30</time> to <time" in write("{% when a b 'Europe/London' %}", a=late, b=later)


def test_the_zone_is_the_tags_then_the_pages_then_the_persons():
    user = person(time_zone="America/New_York")

    assert ">10:20<" in write("{% clock_time start %}", user)
    assert ">15:20<" in write("{% clock_time start %}", user, zone="Europe/Paris")
    assert ">23:20<" in write("{% clock_time start 'Asia/Tokyo' %}", user, zone="Europe/Paris")


def test_twelve_hours_are_written_for_who_prefers_them():
    assert ">2:20 pm<" in write("{% clock_time start %}", person(uses_12h_clock=True))
    assert ">2:20 pm</time> to" in write("{% time_range start end %}", person(uses_12h_clock=True))


def test_tags_work_without_a_request():
    assert ">14:20<" in Template("{% clock_time start 'Europe/London' %}").render(Context({"start": START}))


def test_a_badge_says_its_state_in_words():
    state = SimpleNamespace(family="brass", icon="hourglass", label="Awaiting <confirmation>", dashed=True)

    written = write("{% state_badge state %}", state=state)

    assert written == (
        '<span class="badge" data-kind="brass" data-dashed><svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="#i-wait"/></svg>Awaiting &lt;confirmation&gt;</span>'
    )


def test_a_leaf_is_the_date_in_the_zone_of_the_page():
    written = write("{% leaf start kind='iris' size='l' zone='Pacific/Kiritimati' %}")

    assert written == (
        '<span class="leaf" data-kind="iris" data-size="l" aria-hidden="true"><span class="leaf__dow">Friday</span>'
        '<span class="leaf__day">13</span><span class="leaf__mon">March</span></span>'
    )


def test_a_dayline_cuts_what_lies_outside_and_marks_now():
    opens = datetime(2026, 3, 12, 8, tzinfo=UTC)
    segments = [
        ("open", opens - timedelta(hours=2), opens + timedelta(hours=5)),
        ("confirmed", opens + timedelta(hours=9), opens + timedelta(hours=12)),
        ("busy", opens + timedelta(hours=11), opens + timedelta(hours=12)),
    ]

    written = write(
        "{% dayline segments a b now=now label='“Today”' zone='Europe/London' %}",
        segments=segments,
        a=opens,
        b=opens + timedelta(hours=10),
        now=opens + timedelta(hours=5),
    )

    assert 'role="img" aria-label="“Today”"' in written
    assert '<rect class="open" x="0" y="0" width="360" height="10"/>' in written
    assert '<rect class="confirmed" x="648" y="0" width="72" height="10"/>' in written
    assert 'class="busy"' not in written
    assert '<rect class="now" x="358"' in written
    assert "style" not in written
    assert "<span>08</span>" in written
    assert "<span>18</span>" in written


@pytest.mark.parametrize(
    ("first", "hours", "twelve", "scale"),
    [
        (8, 10, False, "08 09 10 11 12 13 14 15 16 17 18"),
        (8, 10, True, "8am 10am 12:00 2pm 4pm 6pm"),
        (9, 4, True, "9am 10am 11am 12:00 1pm"),
        (0, 24, True, "00:00 4am 8am 12:00 4pm 8pm 00:00"),
        # An end between two marks keeps its place: every hour has one, every second a word.
        (8, 9, True, "8am - 10am - 12:00 - 2pm - 4pm -"),
        (8, 13, False, "08 - 10 - 12 - 14 - 16 - 18 - 20 -"),
    ],
)
def test_the_hours_of_a_dayline_stand_where_they_are_and_have_room(first, hours, twelve, scale):
    opens = datetime(2026, 3, 12, first, tzinfo=UTC)

    written = write(
        "{% dayline segments a b zone='Europe/London' %}",
        person(uses_12h_clock=twelve),
        segments=[],
        a=opens,
        b=opens + timedelta(hours=hours),
    )

    assert [word or "-" for word in re.findall(r"<span>([^<]*)</span>", written)] == scale.split()


def test_ticks_and_strikes_show_what_is_used():
    assert write("{% ticks 2 0 1 %}").count("data-none") == 1
    assert write("{% strikes 1 3 adding=1 %}") == (
        '<div class="strikes" role="img" aria-label="1 of 3 used"><i data-used></i><i data-next></i><i></i></div>'
    )
    assert write("{% strikes 0 1 size='l' label=label %}", label="None < one") == (
        '<div class="strikes" data-size="l" role="img" aria-label="None &lt; one"><i></i></div>'
    )


def test_an_avatar_without_a_photo_keeps_its_tint():
    once, again = write("{% avatar 'Maya Okafor' %}"), write("{% avatar 'Maya Okafor' size='s' %}")

    assert ">MO<" in once
    assert once.split('data-hue="')[1][0] == again.split('data-hue="')[1][0]
    assert '<img src="/p.webp" alt=""' in write("{% avatar 'Maya' photo='/p.webp' %}")
    assert "<script>" not in write("{% avatar name %}", name="<script> Z")


def test_a_place_that_does_not_exist_is_left_out():
    assert write("{% nav_link 'no_such_place' 'Waitlist' %}{% url_if_exists 'no_such_place' %}") == ""


def test_a_place_knows_whether_one_is_there():
    here = write("{% nav_link 'account_login' 'Sign in' icon='key' count=3 %}", address="/accounts/login/")

    assert 'aria-current="page"' in here
    assert '3<span class="visually-hidden"> waiting</span>' in here
    assert "aria-current" not in write("{% nav_link 'account_login' 'Sign in' %}", address="/accounts/")


def test_a_place_belongs_to_the_deeper_pages_of_another_one():
    link = "{% nav_link 'settings_calendar' 'Your calendar' also='my_google' %}"
    home = "{% nav_link 'search' 'Find' also='home' %}"

    assert 'aria-current="true"' in write(link, address="/my/settings/google/")
    assert 'aria-current="true"' in write(link, address="/my/settings/google/1/history/")
    assert 'aria-current="true"' in write(home, address="/")
    assert "aria-current" not in write(home, address="/help/")


def test_a_link_keeps_the_rest_of_the_query():
    assert (
        write("{% url_with page=3 %}", address="/x/?q=a%26b&page=2&part=am&part=pm")
        == "?q=a%26b&amp;page=3&amp;part=am&amp;part=pm"
    )
    assert write("{% url_with page=None q='' part=None %}", address="/x/?q=a&page=2&part=am") == "/x/"


def test_a_pager_counts_and_leaves_the_first_page_out_of_the_address():
    page = Paginator(range(45), 20).page(2)

    written = write("{% pager page what='appointments' %}", address="/x/?tab=history&page=2", page=page)

    assert "Showing 21 to 40 of 45" in written
    assert 'href="?tab=history"' in written
    assert 'href="?tab=history&amp;page=3"' in written
    assert write("{% pager page %}", page=Paginator([], 20).page(1)).strip() == ""


def test_boxes_hold_what_they_are_given():
    assert write('{% notice "wait" %}<p>{{ name }}</p>{% endnotice %}', name="<b>") == (
        '<div class="notice" data-tone="wait"><svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="#i-wait"/></svg>'
        "<div><p>&lt;b&gt;</p></div></div>"
    )
    assert (
        write('{% empty "Nothing" level=3 %}<p>x</p>{% endempty %}')
        == '<div class="empty"><h3>Nothing</h3><p>x</p></div>'
    )
    assert write('{% fact "Place" %} {% endfact %}{% fact "Price" %}£5{% endfact %}') == "<dt>Price</dt><dd>£5</dd>"
    assert (
        write("{% facts pairs %}", pairs=[("a", "<b>"), ("c", "")])
        == '<dl class="facts"><dt>a</dt><dd>&lt;b&gt;</dd></dl>'
    )


class SampleForm(forms.Form):
    email = forms.EmailField(help_text="For the confirmation.")
    note = forms.CharField(widget=forms.Textarea, max_length=500, required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect, label="How?")
    agree = forms.BooleanField()


def test_a_field_ties_label_error_hint_and_control():
    written = write("{% field form.email autocomplete='email' %}", form=SampleForm({"email": "amara@"}))

    assert '<label for="id_email">Email</label>' in written
    assert 'aria-describedby="id_email_error id_email_helptext"' in written
    assert 'aria-invalid="true"' in written
    assert 'autocomplete="email"' in written
    assert 'class="input"' in written
    assert written.index('id="id_email_error"') < written.index('id="id_email_helptext"') < written.index("<input")
    assert "Enter an email address, like name@example.com." in written


def test_optional_fields_say_so_and_required_ones_wear_no_star():
    form = SampleForm()

    assert '<span class="optional">(optional)</span>' in write("{% field form.note %}", form=form)
    assert "optional" not in write("{% field form.email %}", form=form)
    assert "optional" not in write("{% field form.agree %}", form=form)


def test_the_summary_links_to_every_field_that_is_wrong():
    written = write("{% error_summary form %}", form=SampleForm({}))

    assert "There are 3 things to fix" in written
    assert '<a href="#id_email">Enter the email.</a>' in written
    assert '<a href="#id_kind_0">Answer this question.</a>' in written
    assert '<a href="#id_agree">Tick this box to go on.</a>' in written
    assert write("{% error_summary form %}", form=SampleForm()) == ""
    one = {"email": "a@example.com", "kind": "a"}
    assert "There is 1 thing to fix" in write("{% error_summary form %}", form=SampleForm(one))


def test_any_form_comes_out_in_our_markup():
    written = write("{{ form }}", form=SampleForm({}))

    assert written.count('class="error-summary"') == 1
    assert written.count('class="field"') == 4
    assert '<div id="id_kind" class="choices"><label class="check" for="id_kind_0">' in written
    assert "This field is required" not in written


def test_a_forms_own_words_are_kept():
    class Own(forms.Form):
        name = forms.CharField(error_messages={"required": "Say what customers call you."})

    assert Own({}).errors == {"name": ["Say what customers call you."]}
