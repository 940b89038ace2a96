export { ContentService } from './content.service.js';
export { InlineContentService } from './inline-content.service.js';
export { SourceErrors } from './source.errors.js';
export { SourceModule, type SourceModuleOptions } from './source.module.js';
export { SourceService } from './source.service.js';
export { isAvailable, type AvailableSource, type Source } from './source.js';
