export { AccessPolicy, RolePolicy, type AccessDecision, type AccessRequest } from './access-policy.js';
export { AuthErrors } from './auth.errors.js';
export { AuthModule, type AuthModuleOptions } from './auth.module.js';
export { authenticationHook } from './authentication.hook.js';
export { authorizationHook } from './authorization.hook.js';
export { Authenticator, type CredentialRequest } from './authenticator.js';
export { claimedToken } from './claimed-token.js';
export { ROLE_SCOPES, TENANT_ROLES } from './role-scopes.js';
export { TokenEntity } from './token.entity.js';
