export { SubTenantEntity } from './sub-tenant.entity.js';
export { TenantContextService } from './tenant-context.service.js';
export { TENANT_ID } from './tenant-ids.js';
export { TenantResolver, type TenantClaim, type TenantRequest } from './tenant-resolver.js';
export {
  ChainTenantResolver,
  HeaderTenantResolver,
  HostTenantResolver,
  RequestFieldTenantResolver,
  TokenTenantResolver,
} from './tenant-resolvers.js';
export { TenantEntity } from './tenant.entity.js';
export { TenantErrors } from './tenant.errors.js';
export { TenantModule } from './tenant.module.js';
export { TenantService } from './tenant.service.js';
export { dropTenantRows } from './tenant.store.js';
export { refuseIfTenantGone } from './tenant-gone.js';
