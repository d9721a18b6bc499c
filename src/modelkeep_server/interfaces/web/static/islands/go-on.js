/* The form that waited until its person confirmed who they are is sent on at once. Without this, by its button. */
document.querySelector("form[data-go-on]")?.requestSubmit();
