import type { GatewayRequest } from '#http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import { assertAdmitted } from './tenancy.hook.js';

/** Stands before every operation, and lets in what the hooks have admitted: credential, scopes and tenant. */
@Injectable()
export class AccessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    assertAdmitted(context.getArgByIndex<GatewayRequest>(0));
    return true;
  }
}
