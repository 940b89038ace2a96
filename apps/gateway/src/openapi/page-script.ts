/**
 * Runs in the browser beside Swagger UI, which offers no setting for any of it: the page takes the width of the
 * window, and what is drawn gets the names and roles that a screen reader needs (WCAG 2.2, 4.1.2).
 *
 * - Controls without a name get one.
 * - The name of a button begins with what is written on it (2.5.3).
 * - The path of an operation is not a link inside the button that opens it.
 */
export const UI_SCRIPT = `
(() => {
  const viewport = document.createElement('meta');
  viewport.name = 'viewport';
  viewport.content = 'width=device-width, initial-scale=1';
  document.head.append(viewport);

  const names = {
    '.close-modal': 'Close',
    '.body-param__text': 'Request body',
    '.body-param input[type=file], .parameters input[type=file]': 'File',
    '.examples-select-element': 'Example',
  };
  const mend = () => {
    for (const [selector, name] of Object.entries(names))
      for (const control of document.querySelectorAll(selector))
        if (!control.hasAttribute('aria-label')) control.setAttribute('aria-label', name);
    for (const button of document.querySelectorAll('.modal-ux button[aria-label]'))
      if (button.textContent.trim() !== '') button.removeAttribute('aria-label');
    for (const link of document.querySelectorAll('.opblock-summary-control a[href]')) link.removeAttribute('href');
  };
  const page = document.getElementById('swagger-ui');
  page.setAttribute('role', 'main');
  new MutationObserver(mend).observe(page, { childList: true, subtree: true });
})();
`;
