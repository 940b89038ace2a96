export { attributionHook } from './attribution.hook.js';
export { auditHook } from './audit.hook.js';
export { AuditLog, type ClaimedToken } from './audit-log.js';
export { AuditModule, AuditVerificationModule } from './audit.module.js';
export { AuditSealer } from './audit-sealer.js';
export { AuditVerification, type AuditReport } from './audit-verification.js';
