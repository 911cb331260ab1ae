// Draws the API reference: Swagger UI over our own schema, in the theme of the page.
const box = document.getElementById("reference");
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => root.classList.toggle("dark-mode", root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
dark.addEventListener("change", follow);
follow();

window.SwaggerUIBundle({
	domNode: box,
	url: box.dataset.schema,
	// Without a validator no other host is asked.
	validatorUrl: null,
	deepLinking: true,
	docExpansion: "list",
	defaultModelsExpandDepth: 0,
	presets: [window.SwaggerUIBundle.presets.apis],
	layout: "BaseLayout",
	// The page has a main part of its own.
	onComplete: () => box.querySelectorAll("main").forEach((part) => part.setAttribute("role", "presentation")),
	requestInterceptor(request) {
		const isSafe = ["GET", "HEAD", "OPTIONS"].includes(request.method ?? "GET");
		if (box.dataset.csrf && !isSafe) request.headers["X-CSRFToken"] = box.dataset.csrf;
		return request;
	},
});
