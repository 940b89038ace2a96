import { Clock, type Rate, type Secret } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { AccessCheckService } from './access-check.service.js';
import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';
import { Authenticator } from './authenticator.js';
import { FailedAttempts } from './failed-attempts.js';
import { LimitedAuthenticator } from './limited-authenticator.js';
import { hashToken } from './token-format.js';
import { MeController } from './me.controller.js';
import { PlatformTokenStore } from './platform-token.store.js';
import { TokenAuthenticator } from './token-authenticator.js';
import { TokenRotationController } from './token-rotation.controller.js';
import { TokenUseStore } from './token-use.store.js';
import { TokenUses } from './token-uses.js';
import { TokenController } from './token.controller.js';
import { TokenService } from './token.service.js';
import { TokenStore } from './token.store.js';

/** What the composition root chooses. */
export interface AuthModuleOptions {
  readonly rootToken: Secret;
  readonly policy: AccessPolicy;
  /** What is asked about credentials, given what knows API tokens; that alone when absent. */
  readonly authenticator?: ((apiTokens: Authenticator) => Authenticator) | undefined;
  /** How many bad credentials may come from one address, whatever they are, signed URLs included; null for no limit. */
  readonly failedAuthentications: Rate | null;
}

/** Tokens, authentication, and the guard before every operation. */
@Module({})
export class AuthModule {
  static forRoot(options: AuthModuleOptions): DynamicModule {
    const { rootToken, policy, authenticator, failedAuthentications } = options;
    return {
      module: AuthModule,
      global: true,
      controllers: [TokenController, TokenRotationController, MeController],
      providers: [
        Clock,
        TokenStore,
        PlatformTokenStore,
        TokenService,
        TokenUseStore,
        TokenUses,
        AccessCheckService,
        { provide: AccessPolicy, useValue: policy },
        {
          provide: FailedAttempts,
          inject: [Clock],
          useFactory: (clock: Clock) => new FailedAttempts(failedAuthentications, clock),
        },
        {
          provide: Authenticator,
          inject: [TokenStore, PlatformTokenStore, TokenUses, FailedAttempts],
          useFactory: async (
            tokens: TokenStore,
            platformTokens: PlatformTokenStore,
            uses: TokenUses,
            failures: FailedAttempts,
          ) => {
            await platformTokens.ensureRoot(hashToken(rootToken.reveal()));
            const apiTokens = new TokenAuthenticator(tokens, platformTokens, rootToken, uses);
            const chosen = authenticator?.(apiTokens) ?? apiTokens;
            return new LimitedAuthenticator(chosen, failures);
          },
        },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [Authenticator, AccessPolicy, AccessCheckService, FailedAttempts, Clock],
    };
  }
}
