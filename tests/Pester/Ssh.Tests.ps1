BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    & $Root/tests/lab/lab image $env:LAB_NAME debian
    $script:State = Join-Path $TestDrive state
    $script:Before = $env:XDG_STATE_HOME
    $env:XDG_STATE_HOME = $State
    ssh-keygen -q -t ed25519 -N '' -C tester -f $TestDrive/id
    $script:Keyed = New-IncusInstance keyed debian -SshUser ann -SshKey $TestDrive/id.pub -Config @{ 'user.label.tier' = 'front' } -Wait Ssh, CloudInit
    $null = New-IncusInstance plain busybox
}

AfterAll {
    $env:XDG_STATE_HOME = $Before
    Clear-Lab
}

Describe 'A new machine' {
    It 'is returned once it can be logged in to' {
        $Keyed.Ipv4 | Should -HaveCount 1
        & $Root/tests/lab/lab host $env:LAB_NAME -- ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i $TestDrive/id "ann@$($Keyed.Ipv4[0])" id -un | Should -Be 'ann'
    }

    It 'says why it cannot, and is left as it is' {
        New-IncusInstance deaf busybox -SshKey $TestDrive/id.pub -Wait Ssh -WaitTimeout 2 -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        "$problem" | Should -Match 'deaf.*SSH'
        $problem[0].ErrorDetails.RecommendedAction | Should -BeLike '*more time with -WaitTimeout.'
        (Get-IncusInstance deaf).Status | Should -Be 'Running'
        incus delete --force deaf
        { New-IncusInstance deaf busybox -Wait Tcp } | Should -Throw '*Wait-IncusInstance -For Tcp*'
        { New-IncusInstance deaf busybox -Wait Ssh -NoStart } | Should -Throw '*leave out one of the two*'
    }

    It 'lets the user in where nothing but -Wait Ssh is said, and says where there is no key for that' {
        New-Item -ItemType Directory $TestDrive/own/.ssh
        Copy-Item $TestDrive/id, $TestDrive/id.pub $TestDrive/own/.ssh
        $before = $env:HOME
        try {
            $env:HOME = "$TestDrive/own"
            $made = New-IncusInstance dev1 debian -Wait Ssh, CloudInit
            & $Root/tests/lab/lab host $env:LAB_NAME -- ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i $TestDrive/id "cloud@$($made.Ipv4[0])" sudo id -un | Should -Be 'root'
            $env:HOME = "$TestDrive"
            { New-IncusInstance dev2 debian -Wait Ssh } | Should -Throw '-Wait Ssh: there is no public key in*ssh-keygen*-SshKey*'
        } finally {
            $env:HOME = $before
            incus delete --force dev1
        }
        Get-Api '/1.0/instances' | Should -Not -Contain '/1.0/instances/dev2'
    }

    It 'is really logged in to with -VerifyLogin, with the key of the user' {
        New-Item -ItemType Directory $TestDrive/home/.ssh
        Copy-Item $TestDrive/id, $TestDrive/id.pub $TestDrive/home/.ssh
        $before = $env:HOME
        try {
            $env:HOME = "$TestDrive/home"
            (Wait-IncusInstance keyed -For Ssh -VerifyLogin -Timeout 30).Name | Should -Be keyed
            (New-IncusInstance keyed debian -Wait Ssh -VerifyLogin -WarningAction Ignore).Name | Should -Be keyed
            $env:HOME = "$TestDrive"
            Wait-IncusInstance keyed -For Ssh -VerifyLogin -Timeout 3 -ErrorAction SilentlyContinue -ErrorVariable problem
            $problem[0].ErrorDetails.Message | Should -BeLike 'keyed did not get a login by SSH at port 22 within 3 s: ann@*: Permission denied*~/.ssh has none*'
        } finally {
            $env:HOME = $before
        }
        Wait-IncusInstance plain -For Ssh -VerifyLogin -Timeout 30 -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].ErrorDetails.Message | Should -BeLike 'plain did not get a login by SSH at port 22: nobody is let in to it by SSH*'
        $problem[0].ErrorDetails.RecommendedAction | Should -BeLike '*waiting longer would not help.'
        { Wait-IncusInstance keyed -VerifyLogin } | Should -Throw '-VerifyLogin needs -For Ssh*'
        { New-IncusInstance keyed debian -VerifyLogin } | Should -Throw '-VerifyLogin needs -Wait Ssh*'
    }

    It 'stands in the network of the host with macvlan' {
        & $Root/tests/lab/lab lan $env:LAB_NAME | Where-Object { $_ -like 'LAB_LAN*' } | ForEach-Object { $name, $value = $_ -split '='; Set-Variable $name $value }
        $made = New-IncusInstance beside busybox -Network "macvlan:$LAB_LAN" -Wait Address -WarningVariable warning -WarningAction SilentlyContinue
        $made.Ipv4[0] | Should -BeLike ($LAB_LAN_SUBNET -replace '0/24$', '*')
        $warning | Should -Match 'do not reach each other over macvlan'
        & $Root/tests/lab/lab lan $env:LAB_NAME -- busybox ping -c 1 -W 5 $made.Ipv4[0] | Out-String | Should -Match '1 packets received'
        incus delete --force beside
    }
}

Describe 'A configuration for ssh' {
    It 'leads to the machine, which is verified from the first connection on' {
        Export-IncusSshConfig -OutFile $TestDrive/config | Should -BeNullOrEmpty
        & $Root/tests/lab/lab host $env:LAB_NAME -- ssh -F $TestDrive/config -o BatchMode=yes -i $TestDrive/id keyed 'sudo hostname' | Should -Be 'keyed'
        $key = incus exec keyed -- cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub
        Get-Content $TestDrive/config.known_hosts | Should -Contain "keyed.default.local $key"
    }

    It 'comes as text too, and only with what is asked for' {
        $text = Export-IncusSshConfig
        $text | Should -Match '(?m)^Host keyed keyed\.default\.local$'
        $text | Should -Match '(?m)^    User ann$'
        $text | Should -Not -Match 'plain'
        Export-IncusSshConfig other* | Should -BeNullOrEmpty
        Export-IncusSshConfig -Stack nosuch* | Should -BeNullOrEmpty
        Join-Path $State incus-compose/known_hosts | Should -FileContentMatch '^keyed\.default\.local '
    }

    It 'says which name is wrong, and what is without SSH' {
        $said = Export-IncusSshConfig keyed, plain, nosuch -ErrorAction SilentlyContinue -ErrorVariable problem -WarningVariable warning -WarningAction SilentlyContinue
        $said | Should -Match '(?m)^Host keyed '
        $problem.FullyQualifiedErrorId | Should -BeLike 'InstanceNotFound,*'
        "$problem" | Should -BeLike "There is no instance 'nosuch'*"
        "$warning" | Should -BeLike 'Instance plain is left out: nobody is let in to it by SSH*'
        Set-Content $TestDrive/good 'as it was'
        Export-IncusSshConfig -Stack nosuch -OutFile $TestDrive/good -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'StackNotFound,*'
        Get-Content $TestDrive/good | Should -Be 'as it was'
    }

    It 'is refused before anything is written where its file cannot be: <Path>' -ForEach @(
        @{ Path = '{0}'; Why = 'is a folder; name a file' }
        @{ Path = '{0}/no/such'; Why = 'there is no folder * make it first' }
        @{ Path = '/proc/x/y'; Why = 'there is no folder /proc/x; make it first' }
    ) {
        $Path = $Path -f $TestDrive
        { Export-IncusSshConfig -OutFile $Path } | Should -Throw "-OutFile: *$Why*"
        "$Path.known_hosts" | Should -Not -Exist
        "$TestDrive/no" | Should -Not -Exist
    }

    It 'goes through no host that cannot be one: <_>' -ForEach 'bad@@x', 'a b', '-oProxyCommand=x', 'host:port' {
        { Export-IncusSshConfig -JumpHost $_ } | Should -Throw '-JumpHost: *is no host to go through; write *'
    }

    It 'is not written with -WhatIf' {
        Export-IncusSshConfig -OutFile $TestDrive/never -WhatIf
        "$TestDrive/never", "$TestDrive/never.known_hosts" | Should -Not -Exist
    }
}

Describe 'An inventory' {
    It 'has hosts with variables, in groups' {
        $inventory = Export-IncusInventory -Format Json | ConvertFrom-Json -AsHashtable
        $inventory._meta.hostvars.Keys | Sort-Object | Should -Be 'keyed', 'plain'
        $inventory._meta.hostvars.keyed.ansible_user | Should -Be 'ann'
        $inventory._meta.hostvars.keyed.ansible_host | Should -Be (Get-IncusInstance keyed).Ipv4[0]
        $inventory._meta.hostvars.plain.ansible_connection | Should -Be 'community.general.incus'
        $inventory.label_tier_front.hosts | Should -Be 'keyed'
        $inventory.status_running.hosts | Should -Be 'keyed', 'plain'
    }

    It 'has what comes by the pipeline, in one text: <Given>' -ForEach @(
        @{ Given = 'Get-IncusInstance keyed'; Hosts = 'keyed' }
        @{ Given = '"keyed", "pl*"'; Hosts = 'keyed', 'plain' }
        @{ Given = 'Get-IncusStack reached'; Hosts = 'member' }
        @{ Given = 'Get-IncusInstance none*'; Hosts = @() }
    ) {
        $null = Invoke-IncusCompose (Write-StackFile "name: reached`ninstances: { member: { image: busybox } }")
        try {
            $text = @(& ([scriptblock]::Create($Given)) | Export-IncusInventory -Format Json)
            $text | Should -HaveCount 1
            @(($text | ConvertFrom-Json -AsHashtable)._meta.hostvars.Keys | Sort-Object) | Should -Be $Hosts
        } finally {
            incus delete --force member
        }
    }

    It 'is written as YAML and INI, with another connection for what has no SSH' {
        Export-IncusInventory keyed -OutFile $TestDrive/hosts.yaml
        "$TestDrive/hosts.yaml" | Should -FileContentMatch '^      ansible_user: "?ann'
        "$TestDrive/hosts.yaml.known_hosts" | Should -FileContentMatch '^keyed\.default\.local ssh-ed25519'
        (Export-IncusInventory plain -Format Ini -ConnectionPlugin community.general.lxd) -split "`n" | Select-Object -First 1 |
            Should -BeLike 'plain ansible_connection=community.general.lxd ansible_host=plain ansible_lxd_project=default *'
    }

    It 'forgets what is gone at once' {
        incus delete --force keyed
        Export-IncusInventory | Should -Not -Match 'keyed'
        Export-IncusSshConfig | Should -BeNullOrEmpty
        Export-IncusSshConfig -OutFile $TestDrive/config
        Get-Content $TestDrive/config.known_hosts | Should -BeNullOrEmpty
    }
}
