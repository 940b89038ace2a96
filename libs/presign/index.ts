export type { LinkClaims } from './link-claims.js';
export { CREATE_LINK_EXAMPLES, CreateLinkDto, IssuedLinkDto, LINK_LIFE, toLinkDto } from './link.dto.js';
export { LINK_PATH, LinkService, type LinkTarget, type SignedLink } from './link.service.js';
export { ManagedLinkService } from './managed-link.service.js';
export { PresignErrors } from './presign.errors.js';
export { PresignModule } from './presign.module.js';
export { PublicUrl } from './public-url.js';
