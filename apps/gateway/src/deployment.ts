import type { AccessPolicy, Authenticator } from '#auth';
import type { Delivery } from '#binding';
import type { StorageBinding, StorageDriver } from '#storage';
import type { TenantResolver } from '#tenant';

/**
 * The parts of a gateway that a deployment may choose for itself. What is absent is as it comes. All that the parts say is
 * held to by the gateway: whatever a resolver claims, a token acts in its own tenant; a policy that throws denies; a
 * storage is given the keys of the tenant it is opened for, and no others.
 */
export interface DeploymentParts {
  /** How requests say which tenant they are about; given what reads tokens, headers, hosts and fields. */
  readonly tenantResolver?: (builtIn: TenantResolver) => TenantResolver;
  /** Who a request is from; given what knows API tokens. */
  readonly authenticator?: (apiTokens: Authenticator) => Authenticator;
  /** Who may do what; given what goes by roles. */
  readonly accessPolicy?: (roles: AccessPolicy) => AccessPolicy;
  /** Kinds of storage beside `filesystem`, `s3` and `azure`; one of these names takes that one's place. */
  readonly storageDrivers?: readonly StorageDriver[];
  /** Where the objects are of tenants without a storage of their own, unless `GATEHOLD_STORAGE_` settings say so. */
  readonly ownStorage?: StorageBinding;
  /** How downloads are handed out of the operator's default storage; `GATEHOLD_STORAGE_DELIVERY` counts when absent. */
  readonly delivery?: Delivery;
}
