BeforeDiscovery {
    $script:NoImage = -not (Select-String -Quiet -Pattern '^ID=debian$' -Path /etc/os-release)
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
}

AfterAll { Clear-Lab }

# The system image of the lab is built on Debian only.
Describe 'A whole machine' -Skip:$NoImage {
    BeforeAll {
        $script:Image = Import-SystemImage
        $script:Broken = Import-SystemImage -Broken
        & $Lab install ssh:openssh-client
        ssh-keygen -q -t ed25519 -N '' -C tester -f $TestDrive/id
    }

    It 'is logged in to as soon as it has been waited for' {
        $made = New-IncusInstance machine $Image -SshUser ann -SshKey $TestDrive/id.pub | Wait-IncusInstance -For Ssh, CloudInit, Address -AddressFamily Ipv4 -Timeout 60
        $address = $made.Ipv4 | Select-Object -First 1
        "$address $(incus exec machine -- cat /etc/ssh/ssh_host_ed25519_key.pub)" | Set-Content $TestDrive/known_hosts
        ssh -F none -i $TestDrive/id -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=$TestDrive/known_hosts" "ann@$address" 'hostname; sudo -n id -un' |
            Should -Be 'machine', 'root'
    }

    It 'whose cloud-init has errors fails a wait in its words' {
        New-IncusInstance broken $Broken | Wait-IncusInstance -For CloudInit -Timeout 60 -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'NotReady,*'
        $problem[0].ErrorDetails.Message | Should -BeLike 'broken did not get the end of cloud-init: *xx_XX.UTF-8*'
    }
}
