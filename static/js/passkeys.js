// Passkeys belong to a secure address that has a name: where there is none, or one fails, the page says so.
const NO_ADDRESS =
	"Passkeys need a secure address with a name (https://…), which this one is not. Use one of the other ways.";
const WORDS = {
	SecurityError: NO_ADDRESS,
	NotAllowedError: "No passkey was used. Try again, or use one of the other ways.",
	InvalidStateError: "This key was added before.",
};
const buttons = document.querySelectorAll("[data-passkey]");

function say(text) {
	buttons.forEach((button) => {
		const row = button.closest(".cluster, .form__foot") || button;
		let words = row.parentNode.querySelector(".passkey-words");
		if (!words) {
			words = Object.assign(document.createElement("p"), { className: "passkey-words" });
			words.setAttribute("role", "status");
			row.after(words);
		}
		words.textContent = text;
	});
}

const isNumber = /^[\d.]+$|:/.test(location.hostname.replace(/[[\]]/g, ""));
if (!isSecureContext || !window.PublicKeyCredential || isNumber) {
	buttons.forEach((button) => (button.hidden = true));
	say(NO_ADDRESS);
}

document.addEventListener("allauth.error", (event) => {
	const { name } = event.detail.exception;
	event.preventDefault();
	say(WORDS[name] || "That did not work. Check the connection and try again, or use one of the other ways.");
});
