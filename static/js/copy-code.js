// A Copy button for each request on the pages for developers: without scripts there is none.
for (const [at, box] of document.querySelectorAll(".dcode[data-copy]").entries()) {
	const button = document.createElement("button");
	button.type = "button";
	button.className = "btn";
	button.dataset.size = "s";
	button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-copy"/></svg>Copy';
	button.ariaLabel = `Copy request ${at + 1}`;
	button.onclick = async () => {
		await navigator.clipboard.writeText(box.querySelector("pre").textContent);
		document.dispatchEvent(new CustomEvent("toast", { detail: "Copied." }));
	};
	box.firstElementChild.append(button);
}
