/* The CSRF token of this page, for the header of a request that writes. */
export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
