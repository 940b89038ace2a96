/**
 * CSS on top of Swagger UI's own: takes away what has nothing to say here (a banner, the one server, links between
 * operations), gives every text a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3) and fits the page into 390 pixels.
 */
export const UI_STYLE = `
.swagger-ui .topbar, .swagger-ui .servers-title, .swagger-ui .servers, .swagger-ui .response-col_links { display: none }
.swagger-ui .info { margin: 24px 0 }
.swagger-ui .info .renderedMarkdown p, .swagger-ui .info .renderedMarkdown ol { max-width: 80ch; margin-left: 0; line-height: 1.5 }
.swagger-ui .info .renderedMarkdown li { margin: 4px 0 }
.swagger-ui .scheme-container { padding: 16px 0; margin-bottom: 8px }
.swagger-ui .opblock .opblock-summary-path { word-break: break-word }
.swagger-ui .parameter__empty_value_toggle { display: none }
.swagger-ui .modal-ux .auth-container .wrapper, .swagger-ui .modal-ux .auth-container section { width: 100%; max-width: none; padding: 0 }
.swagger-ui .modal-ux .auth-container input { width: 100%; max-width: none }

.swagger-ui .info .title small { background: #495057 }
.swagger-ui .info .title small.version-stamp { background: #2b6e1f }
.swagger-ui a.link, .swagger-ui .info a, .swagger-ui .renderedMarkdown a { color: #1864ab }
.swagger-ui .renderedMarkdown code, .swagger-ui .info code { color: #6a0dad }
.swagger-ui .btn.authorize, .swagger-ui .btn.authorize span { border-color: #18794e; color: #18794e }
.swagger-ui .btn.authorize svg { fill: #18794e }
.swagger-ui .btn.execute { background-color: #1864ab; border-color: #1864ab }
.swagger-ui .download-contents, .swagger-ui .copy-to-clipboard { background: #495057 }
.swagger-ui .btn.cancel { border-color: #b32121; color: #b32121 }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #18794e }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1864ab }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #94500a }
.swagger-ui .opblock.opblock-patch .opblock-summary-method { background: #0b6b7d }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #b32121 }
.swagger-ui .opblock.opblock-head .opblock-summary-method { background: #6a0dad }
.swagger-ui .parameter__name.required span, .swagger-ui .parameter__name.required:after { color: #b32121 }
.swagger-ui .parameter__in, .swagger-ui table.headers .header-example { color: #4d5358 }
.swagger-ui .response-control-media-type__accept-message { color: #18794e }
.swagger-ui .microlight span[style*='rgb(211, 99, 99)'] { color: #ff9b9b !important }
.swagger-ui .live-responses-table .highlight-code > .microlight { padding-bottom: 48px !important }

@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 12px }
  .swagger-ui .info .title { font-size: 28px }
  .swagger-ui .opblock-tag { flex-wrap: wrap; padding: 10px 4px }
  .swagger-ui .opblock-tag small { flex: 1 1 100%; order: 3; padding: 4px 0 0 }
  .swagger-ui .parameters-col_name { width: 96px; padding-right: 6px }
  .swagger-ui .parameter__name, .swagger-ui .parameter__type { font-size: 13px; overflow-wrap: anywhere; word-break: normal }
  .swagger-ui .parameter__name.required span, .swagger-ui .parameter__name.required:after { display: inline-block; white-space: nowrap }
  .swagger-ui .opblock-section-request-body .opblock-description-wrapper { padding: 12px }
  .swagger-ui .parameters-container .parameters, .swagger-ui .opblock-section-request-body .parameters { padding: 0 }
  .swagger-ui .prop-format { display: none }
  .swagger-ui .curl-command code { white-space: pre-wrap !important }
  .swagger-ui .btn-group, .swagger-ui .try-out { padding: 0 }
  .swagger-ui .try-out__btn { min-width: 0; margin-left: 8px; padding: 5px 12px }
  .swagger-ui table.responses-table { table-layout: fixed }
  .swagger-ui .response-col_status { width: 56px }
  .swagger-ui .responses-inner { padding: 12px }
  .swagger-ui .responses-inner table.headers { table-layout: fixed; overflow-wrap: anywhere }
  .swagger-ui select { max-width: 100% }
  .swagger-ui .microlight { word-break: break-all }
}
`;
