// A kept time is released on leaving its form for good: not by sending it, and not by loading it again. Where a browser
// can't tell these apart, the time lapses by itself.
let stays = !window.navigation;
window.navigation?.addEventListener("navigate", ({ navigationType, formData }) => {
	stays = navigationType === "reload" || Boolean(formData);
});
addEventListener("pagehide", () => {
	const form = document.querySelector("[data-leave]");
	if (form && !stays) navigator.sendBeacon(form.dataset.leave, new FormData(form));
});
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
