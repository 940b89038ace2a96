export { auditHook } from './audit.hook.js';
export { AuditLog, type ClaimedToken } from './audit-log.js';
export { AuditModule } from './audit.module.js';
