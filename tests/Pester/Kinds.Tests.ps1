BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Bridge = Get-BridgeName 'k'
    $script:File = Write-StackFile @"
name: kinds
network_acls:
  web: { ingress: [{ action: allow, protocol: tcp, destination_port: "80" }] }
networks:
  $($Bridge): { ipv4: $(Get-FreeSubnet 0).1/24, ipv6: none, acls: [web] }
volumes:
  data: { size: 64MiB }
secrets:
  key: { environment: KINDS_KEY }
configs:
  motd: { content: "hello" }
instances:
  web:
    image: busybox
    restart: unless-stopped
    memory: 64MiB
    networks: [$Bridge]
    volumes: ["data:/data"]
    secrets: [key]
    configs: [{ source: motd, target: /etc/motd, mode: 0644 }]
"@
    $env:KINDS_KEY = 'hunter2-of-kinds'
}

AfterAll {
    $env:KINDS_KEY = $null
    Clear-Lab
    incus network acl delete web 2>$null
}

Describe 'A stack of many kinds' {
    It 'comes up in the order of its needs' {
        $results = Invoke-IncusCompose $File
        $results.Outcome | Should -Not -Contain 'Failed'
        [string[]] $order = $results.Id
        $order | Should -HaveCount 4
        [array]::IndexOf($order, 'network-acl/web') | Should -BeLessThan ([array]::IndexOf($order, "network/$Bridge"))
        $order[-1] | Should -Be 'instance/web'
        incus exec web -- cat /run/secrets/key | Should -Be 'hunter2-of-kinds'
        incus exec web -- cat /etc/motd | Should -Be 'hello'
    }

    It 'is as it should be the second time' {
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
    }

    It 'shows that a secret changes, never what it is' {
        $env:KINDS_KEY = 'hunter3-of-kinds'
        $plan = Compare-IncusStack $File
        $plan.HasChanges | Should -BeTrue
        ($plan | Format-List | Out-String) + ($plan | ConvertTo-Json -Depth 8 -WarningAction SilentlyContinue) | Should -Not -BeLike '*hunter*'
        $said = Invoke-IncusCompose $File -Verbose 4>&1 | Out-String
        $said | Should -Not -BeLike '*hunter*'
        incus exec web -- cat /run/secrets/key | Should -Be 'hunter3-of-kinds'
    }

    It 'changes an access list in place' {
        Set-Content $File ((Get-Content -Raw $File) -replace '"80"', '"80,443"')
        $result = Invoke-IncusCompose $File | Where-Object Outcome -EQ 'Done'
        "$($result.Id)" | Should -Be 'network-acl/web'
        (Get-Api '/1.0/network-acls/web').ingress[0].destination_port | Should -Be '80,443'
    }

    It 'goes away whole' {
        Remove-IncusStack kinds -RemoveVolumes -Confirm:$false
        Get-Api '/1.0/network-acls' | Should -BeNullOrEmpty
        Get-IncusInstance | Should -BeNullOrEmpty
    }
}
