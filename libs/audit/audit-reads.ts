/**
 * When what was handed out is written down: `buffered`, a moment later; `strict`, before it is answered, and it is not
 * answered where that fails; `off`, never.
 */
export class AuditReads {
  constructor(readonly mode: 'buffered' | 'strict' | 'off') {}
}
