export { BoundStorages, DATA_FOLDER, type DefaultBinding } from './bound-storages.js';
export { BoundStoragesModule, type BoundStoragesOptions } from './bound-storages.module.js';
export { DefaultStorageError, type OperatorDefault } from './default-storage.check.js';
export type { FetchAgents } from './fetch-once.js';
export { ADAPTERS, DELIVERIES, type Adapter, type BindingPlace, type Delivery } from './storage-binding.js';
export { StorageBindingErrors } from './storage-binding.errors.js';
export { StorageBindingStore } from './storage-binding.store.js';
export { StorageBindingModule, type StorageBindingModuleOptions } from './storage-binding.module.js';
