import { TokenEntity } from '#auth';
import { SubTenantEntity, TenantEntity } from '#tenant';

/** Every entity, listed by name: what is not here is not mapped. */
export const ENTITIES = [TenantEntity, SubTenantEntity, TokenEntity];
