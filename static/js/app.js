// Shortens paths that work without it.
const all = (mark, from = document) => [...from.querySelectorAll(mark)];
const byId = (id) => document.getElementById(id);
const on = (names, act) => names.split(" ").forEach((name) => document.addEventListener(name, act));
const make = (tag, props, ...inside) => {
	const box = Object.assign(document.createElement(tag), props);
	box.append(...inside);
	return box;
};
const closer = (className) => {
	const button = make("button", { type: "button", className, ariaLabel: "Close" });
	button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-x"/></svg>';
	return button;
};
document.documentElement.dataset.js = "";

// The device’s zone: the server maps or ignores it. A first page drawn in an assumed one is drawn again, once.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const known = () => document.cookie.includes("tz=");
const assumed = !known() && document.querySelector("[data-assumed]")?.dataset.assumed;
if (timeZone) document.cookie = `tz=${encodeURIComponent(timeZone)}; Path=/; Max-Age=31536000; SameSite=Lax`;
if (assumed && assumed !== timeZone && known()) location.reload();

function announce(text) {
	const live = byId("live");
	live.textContent = "";
	setTimeout(() => (live.textContent = text), 60);
}

// Leaves after 8 seconds, unless someone points at it or stands in it.
function toast(text, role = "status") {
	const box = make("div", { className: "toast", role }, make("span", {}, text), closer(""));
	box.lastChild.onclick = () => box.remove();
	byId("toasts").append(box);
	const leave = () => setTimeout(() => (box.matches(":hover, :focus-within") ? leave() : box.remove()), 8000);
	leave();
}
on("toast", ({ detail }) => toast(detail.value ?? detail));

// [data-until]: what is left, said aloud at 10 and 2 minutes; [data-soon] and [data-expired] name what appears.
function countdown(box) {
	const left = Math.max(Math.ceil((Date.parse(box.dataset.until) - Date.now()) / 60000), 0);
	const text = [left >= 60 && `${(left / 60) | 0} h`, (left % 60 || !left) && `${left % 60} min`];
	box.textContent = text.filter(Boolean).join(" ");
	if (left !== +box.dataset.left && (left === 10 || left === 2)) announce(`${box.textContent} left`);
	box.dataset.left = left;
	const { soon, expired } = box.dataset;
	if (soon) byId(soon).hidden = left > 2 || !left;
	if (expired) byId(expired).hidden = left > 0;
}
setInterval(() => all("[data-until]").forEach(countdown), 15000);

function counter(input) {
	const box = make("p", { className: "count" });
	input.removeAttribute("data-counter");
	input.after(box);
	input.oninput = () => (box.textContent = `${input.maxLength - input.value.length} characters left`);
	input.oninput();
}

function password(input) {
	if (input.closest(".input-group")) return;
	const button = make("button", { type: "button", className: "btn", ariaLabel: "Show password" }, "Show");
	const group = make("div", { className: "input-group" });
	input.replaceWith(group);
	group.append(input, button);
	button.onclick = () => {
		const word = (button.textContent = button.textContent === "Show" ? "Hide" : "Show");
		input.type = word === "Hide" ? "text" : "password";
		button.ariaLabel = `${word} password`;
	};
}

// On a phone the list of settings scrolls sideways.
document.querySelector(".sidenav [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });

function enhance(from) {
	all("[data-until]", from).forEach(countdown);
	all("[data-counter][maxlength]", from).forEach(counter);
	all('[type="password"]', from).forEach(password);
}
enhance(document);

// A chosen time fills its summary.
on("change", ({ target }) => {
	if (target.matches("[data-auto]")) target.form.requestSubmit();
	if (target.type !== "radio" || !target.form) return;
	all("[data-fill]", target.form).forEach((box) => {
		box.textContent = target.dataset[box.dataset.fill] ?? box.textContent;
	});
	all("[data-fill-show]", target.form).forEach((box) => (box.hidden = false));
});

on("click", ({ target }) => target.closest("[data-print]") && print());

// [data-dialog] shows the <dialog> of that id or, on a wide screen, the page its link leads to; [data-narrow] on any. Where
// the page changes in place, the dialog's form does that, too.
async function show(link) {
	if (link.dataset.dialog) return byId(link.dataset.dialog).showModal();
	const answer = await fetch(link.href).catch(() => null);
	const page = answer?.ok && !answer.redirected && (await answer.text());
	const main = page && new DOMParser().parseFromString(page, "text/html").querySelector("main");
	if (!main) return location.assign(link.href);
	all(".crumbs", main).forEach((crumbs) => crumbs.remove());
	const box = make("dialog", { className: "dialog" }, ...main.childNodes, closer("btn dialog__close"));
	const title = box.querySelector("h1, h2");
	title.tabIndex = -1;
	box.ariaLabel = title.textContent;
	box.lastChild.dataset.close = "";
	box.onclose = () => box.remove();
	document.body.append(box);
	const form = byId("requests") && box.querySelector("form");
	if (form) {
		form.setAttribute("hx-post", form.action);
		form.setAttribute("hx-target", "#requests");
		htmx.process(box);
	}
	enhance(box);
	box.showModal();
	title.focus();
}
on("click", (event) => {
	const { target } = event;
	const opener = target.closest("[data-dialog]");
	const plain = !(event.ctrlKey || event.metaKey);
	if (opener && plain && (opener.dataset.dialog || "narrow" in opener.dataset || innerWidth > 959)) {
		event.preventDefault();
		show(opener);
	}
	const close = target.closest("dialog [data-close]");
	if (close) event.preventDefault(); // a link that on its own page leads back to the one behind
	if (close || target.matches("dialog.dialog")) target.closest("dialog").close();
	all("[data-menu]").forEach((menu) => (menu.open &&= menu.contains(target)));
});
on("keydown", ({ key }) => {
	const menu = key === "Escape" && document.querySelector("[data-menu][open]");
	if (!menu) return;
	menu.open = false;
	menu.firstElementChild.focus();
});

// One press is enough.
const resting = new Map();
on("submit", ({ target, submitter: button, defaultPrevented }) => {
	if (defaultPrevented || !button || target.method !== "post") return;
	resting.set(button, button.innerHTML);
	const label = button.querySelector("[data-label]") ?? button;
	setTimeout(() => { button.disabled = true; label.textContent = button.dataset.saving || "Saving…"; });
});
addEventListener("pageshow", () => {
	resting.forEach((innerHTML, button) => Object.assign(button, { disabled: false, innerHTML }));
	resting.clear();
});

// No press is lost: an answer moves or replaces nothing while a finger is on something. A tap clicks a moment later.
let held, rest;
on("pointerdown", ({ target }) => {
	clearTimeout(rest);
	if (target.closest("a, button, label")) held ??= [];
});
on("pointerup pointercancel contextmenu click", ({ type }) => {
	clearTimeout(rest);
	rest = setTimeout(() => (held = held?.forEach((show) => show())), type === "click" ? 0 : 99);
});

// htmx: dim what waits, then focus and say.
const waiting = new Map();
on("htmx:beforeRequest", ({ detail: { xhr, target } }) => {
	const { onload } = xhr;
	xhr.onload = () => (held ? held.push(onload) : onload());
	waiting.set(xhr, setTimeout(() => (target.ariaBusy = "true"), 300));
});
on("htmx:afterRequest", ({ detail: { xhr, target } }) => {
	clearTimeout(waiting.get(xhr));
	waiting.delete(xhr);
	target.ariaBusy = null;
});
on("htmx:afterSettle", ({ target }) => {
	if (target.closest("#requests")) document.querySelector("dialog[open]")?.close();
	enhance(target.parentElement || target);
	const find = (mark) => (target.matches(mark) ? target : target.querySelector(mark));
	const words = find("[data-announce]")?.dataset.announce;
	if (words) announce(words);
	find("[data-focus]")?.focus();
});
on("htmx:responseError htmx:sendError", ({ detail }) => {
	if (detail.elt.matches("[data-poll]")) return;
	const lost = detail.requestConfig.verb === "get" ? "load" : "save";
	toast(`That did not ${lost}. Check the connection and try again; what you wrote is still here.`, "alert");
});
