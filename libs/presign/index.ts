export { DeliveryService } from './delivery.service.js';
export {
  DownloadUrlService,
  type DownloadTarget,
  type IssuedUrl,
  type UrlIssuer,
} from './download-url.service.js';
export type { LinkClaims } from './link-claims.js';
export * from './link-marks.sql.js';
export { IssuedLinkDto, toLinkDto } from './link.dto.js';
export { endOfLife, LINK_PATH, LinkService, type LinkTarget, type SignedLink } from './link.service.js';
export { CREATE_LINK_EXAMPLES, CreateLinkDto, LINK_LIFE, toLinkWish } from './link-wish.dto.js';
export { ManagedLinkService } from './managed-link.service.js';
export { PresignErrors } from './presign.errors.js';
export { PresignModule, type PresignModuleOptions } from './presign.module.js';
export { SigningKeyService } from './signing-key.service.js';
export { SigningKeyStore } from './signing-key.store.js';
export { signProviderUrl, type ShownFile, type UrlLife } from './provider-url.js';
export { PublicUrl } from './public-url.js';
export { SigV4Presigner, type PresignRequest, type UrlForm } from './sigv4/sigv4-presigner.js';
export type { BoundBytes, UploadClaims } from './upload-claims.js';
export { UPLOAD_PATH, UploadUrlService, type UploadTarget } from './upload-url.service.js';
