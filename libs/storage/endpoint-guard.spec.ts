import { describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { EndpointGuard } from '#storage';
import fc from 'fast-check';

const strict = new EndpointGuard();

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'passed';
  } catch (error) {
    return error instanceof CodedError ? error.kind.code : String(error);
  }
}

describe('IV-16 endpoints of storages', () => {
  it.each([
    ['loopback', ['127.0.0.1', '127.255.255.254', '[::1]']],
    [
      'odd spellings',
      ['0x7f.1', '2130706433', '0177.0.0.1', '127.1', '0x7f000001', '１２７.0.0.1', '127。0。0。1'],
    ],
    [
      'mapped IPv4',
      ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:10.0.0.1]', '[::ffff:a9fe:a9fe]'],
    ],
    ['compatible IPv4', ['[::127.0.0.1]', '[::8.8.8.8]']],
    ['private', ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1']],
    [
      'link-local and metadata',
      ['169.254.169.254', '[fe80::1]', '[febf::1]', '[fd00:ec2::254]', '168.63.129.16'],
    ],
    ['shared and metadata', ['100.64.0.1', '100.127.255.255', '100.100.100.200', '192.0.0.192']],
    ['unique-local', ['[fc00::1]', '[fdff:ffff::1]']],
    ['unspecified', ['0.0.0.0', '0', '[::]', '0.1.2.3']],
    ['multicast and reserved', ['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '[ff02::1]']],
    [
      'documentation and benchmarks',
      ['192.0.2.1', '198.51.100.1', '203.0.113.9', '198.18.0.1', '[2001:db8::1]'],
    ],
    [
      'NAT64',
      ['[64:ff9b::127.0.0.1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b::10.1.2.3]', '[64:ff9b:1::8.8.8.8]'],
    ],
    [
      '6to4 and Teredo',
      ['[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[2002:a00:1::1]', '[2001::1]', '[3fff::1]'],
    ],
  ])('refuses %s: %j', (_kind, hosts) => {
    for (const host of hosts)
      for (const url of [`http://${host}`, `https://${host}:9000/x`])
        expect([url, codeOf(() => strict.parseEndpoint(url))]).toEqual([url, 'storage_endpoint_refused']);
  });

  it.each([
    'file:///etc/passwd',
    'gopher://8.8.8.8',
    'ftp://8.8.8.8',
    'unix:/x',
    's3',
    '',
    'https://',
    'https://u:p@s3.example',
    'https://u@s3.example',
  ])('refuses %j, and does not repeat it', (url) => {
    expect(() => strict.parseEndpoint(url)).toThrow('The endpoint is not an http or https URL.');
  });

  it('takes what is routable, and names, which are checked when they are dialled', () => {
    for (const host of [
      '8.8.8.8',
      '172.15.255.255',
      '172.32.0.1',
      '100.63.255.255',
      '169.253.0.1',
      '[2606:4700::1111]',
      '[64:ff9b::8.8.8.8]',
      '[2002:808:808::1]',
      '[::ffff:8.8.8.8]',
      's3.eu-central-1.amazonaws.com',
    ])
      expect([host, codeOf(() => strict.parseEndpoint(`https://${host}`))]).toEqual([host, 'passed']);
  });

  it('refuses a name as soon as one of its addresses is not allowed', () => {
    expect(codeOf(() => strict.checkResolved('s3.example', ['8.8.8.8', '2606:4700::1111']))).toBe('passed');
    for (const address of ['127.0.0.1', '::1', 'fe80::1%eth0', 'nonsense'])
      expect(codeOf(() => strict.checkResolved('s3.example', ['8.8.8.8', address]))).toBe(
        'storage_endpoint_refused',
      );
  });

  it('takes what the operator has named, by host or range, and nothing beside it', () => {
    const guard = new EndpointGuard(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32', 'MinIO.internal']);
    const verdicts = (hosts: string[]) =>
      hosts.map((host) => codeOf(() => guard.parseEndpoint(`http://${host}`)));
    expect(
      new Set(verdicts(['10.1.2.3', '127.0.0.1', '0x7f.1', '[::ffff:10.1.0.1]', '[fd00:1:ffff::1]'])),
    ).toEqual(new Set(['passed']));
    expect(new Set(verdicts(['10.2.0.0', '127.0.0.2', '[fd00:2::1]', '169.254.169.254', '[::1]']))).toEqual(
      new Set(['storage_endpoint_refused']),
    );
    expect(codeOf(() => guard.checkResolved('minio.internal.', ['10.9.9.9']))).toBe('passed');
    for (const host of ['a.minio.internal', 'minio.internal.example', 'xminio.internal'])
      expect(codeOf(() => guard.checkResolved(host, ['10.9.9.9']))).toBe('storage_endpoint_refused');
  });

  it('judges an IPv4 address the same in every spelling', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const spellings = [
          String(number),
          `0x${number.toString(16)}`,
          `${a}.${(b * 256 + c) * 256 + d}`,
          `[::ffff:${address}]`,
          `[64:ff9b::${address}]`,
        ];
        const plain = codeOf(() => strict.parseEndpoint(`http://${address}`));
        for (const host of spellings)
          expect([host, codeOf(() => strict.parseEndpoint(`http://${host}`))]).toEqual([host, plain]);
      }),
      { numRuns: 300 },
    );
  });

  it('the operator may be anywhere, by http and https', () => {
    expect(codeOf(() => EndpointGuard.unrestricted().parseEndpoint('http://127.0.0.1:9000'))).toBe('passed');
    expect(codeOf(() => EndpointGuard.unrestricted().parseEndpoint('file:///etc/passwd'))).toBe(
      'storage_endpoint_refused',
    );
  });
});
